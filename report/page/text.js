// SPDX-License-Identifier: Apache-2.0
// The panels of the report. Data: the object of gather.mjs, in the page. Nothing is fetched.
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const exactly = -9999; // in tenths of a dB: every bit came back
const notMeasured = '<span class="none">not measured</span>';

// ---- text
const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'})[c]);
const fixed = (value, digits) =>
  value === null || value === undefined || Number.isNaN(value)
    ? null
    : (Math.round(value * 10 ** digits + Math.sign(value) * 1e-7) / 10 ** digits)
        .toFixed(digits)
        .replace('-', '\u2212');
const brief = (value) => String(Number(value.toPrecision(4)));
const decibel = (tenths) =>
  tenths === null || tenths === undefined
    ? notMeasured
    : tenths === exactly
      ? 'bit for bit'
      : `${fixed(tenths / 10, 1)} <small>dB</small>`;
const decibelCell = (tenths) =>
  tenths === null || tenths === undefined
    ? notMeasured
    : tenths === exactly
      ? 'exact'
      : fixed(tenths / 10, 1);
const signed = (value, digits) => (value > 0 ? '+' : '') + fixed(value, digits);
const formatNames = {fp32: 'FP32', fp16: 'FP16', bf16: 'BF16'};
const formatBits = {fp32: 32, fp16: 16, bf16: 16};
const peerNames = {
  mxint8: 'MXINT8',
  mxfp8: 'MXFP8',
  int8: 'INT8',
  mxfp6: 'MXFP6',
  nvfp4: 'NVFP4',
  mxfp4: 'MXFP4',
  nf4: 'NF4',
  int4: 'INT4',
  int2: 'INT2',
};
const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

function table(id, head, rows) {
  // head: [text, numeric]
  const cell = (tag, text, numeric, more = '') =>
    `<${tag}${numeric ? ' class="n"' : ''}${more}>${text}</${tag}>`;
  $(id).innerHTML =
    `<thead><tr>${head.map(([text, numeric]) => cell('th', text, numeric, ' scope="col"')).join('')}</tr></thead><tbody>` +
    rows
      .map((row) =>
        row.group
          ? `<tr><th colspan="${head.length}" scope="rowgroup">${row.group}</th></tr>`
          : `<tr>${row.map((text, i) => cell('td', text, head[i][1], head[i][0] ? ` data-head="${head[i][0].replace(/<[^>]*>/g, '')}"` : '')).join('')}</tr>`,
      )
      .join('') +
    '</tbody>';
}

function pick(id, name, choices, value, change) {
  // radio buttons; choices: [value, text, disabled]
  $(id).innerHTML = choices
    .map(
      ([v, text, off]) =>
        `<label><input type="radio" name="${name}" value="${v}"${String(v) === String(value) ? ' checked' : ''}${off ? ' disabled' : ''}>${text}</label>`,
    )
    .join('');
  $(id).onchange = (event) => change(event.target.value);
}
function options(select, choices, value) {
  select.innerHTML = choices
    .map(
      ([v, text]) =>
        `<option value="${escape(v)}"${String(v) === String(value) ? ' selected' : ''}>${escape(text)}</option>`,
    )
    .join('');
}
