// SPDX-License-Identifier: Apache-2.0
// Panel 1: format, block, order and slot; what is kept, and what the hardware takes.

const state = {
  format: own?.format ?? 'fp32',
  block: 128,
  order: 'significance',
  group: 8,
  rows: 12,
  tensor: own ? 'own:0' : 'data:0',
  bits: 4,
  device: '',
};
const groupChoices = () => [
  ...new Map(
    data.distortion.series
      .filter((s) => s.format === state.format && s.order === 'significance')
      .map((s) => [`${s.group}/${s.rows}`, [s.group, s.rows]]),
  ).entries(),
];

function matching() {
  // devices that can be set so
  return data.devices.filter(
    (d) =>
      d.block === state.block &&
      d.orders.includes(state.order) &&
      d.formats.includes(state.format) &&
      (state.order === 'field' || d.group === state.group),
  );
}
const deviceText = (d) =>
  `${d.width} bits a beat, ${d.depth} rows${d.searches > 1 ? `, ${d.searches} searches` : ''}${d.both ? ', both orders (default)' : ''}${d.formats.length === 1 ? `, ${formatNames[d.formats[0]]} alone` : ''}`;

function choose() {
  const formats = own && state.tensor.startsWith('own') ? [own.format] : Object.keys(formatNames);
  if (!formats.includes(state.format)) state.format = formats[0];
  pick(
    'pick-format',
    'format',
    Object.keys(formatNames).map((f) => [f, formatNames[f], !formats.includes(f)]),
    state.format,
    (v) => {
      state.format = v;
      choose();
    },
  );
  pick(
    'pick-block',
    'block',
    [32, 64, 128, 256].map((n) => [n, n]),
    state.block,
    (v) => {
      state.block = Number(v);
      choose();
    },
  );
  pick(
    'pick-order',
    'order',
    [
      ['field', 'field'],
      ['significance', 'significance'],
    ],
    state.order,
    (v) => {
      state.order = v;
      choose();
    },
  );
  const groups = groupChoices();
  if (!groups.some(([, [g, r]]) => g === state.group && r === state.rows))
    [state.group, state.rows] = groups[0][1];
  options(
    $('pick-group'),
    groups.map(([key, [g, r]]) => [key, `${g} values, at most ${r} rows`]),
    `${state.group}/${state.rows}`,
  );
  $('pick-group').disabled = state.order === 'field';
  options($('pick-tensor'), tensorList(), state.tensor);
  const devices = matching();
  if (!devices.some((d) => d.name === state.device))
    state.device =
      (devices.find((d) => state.order === 'field' || d.depth === state.rows) ?? devices[0])?.name ?? '';
  options(
    $('pick-device'),
    devices.length ? devices.map((d) => [d.name, deviceText(d)]) : [['', 'none of this shape is measured']],
    state.device,
  );
  $('pick-device').disabled = devices.length === 0;

  const slots = seriesOf(state.tensor, state)?.slots ?? [];
  const bits = (t) => (8 * t) / state.block;
  const slider = $('slot');
  slider.max = Math.max(slots.length - 1, 0);
  slider.value = slots.reduce(
    (best, t, i) => (Math.abs(bits(t) - state.bits) < Math.abs(bits(slots[best]) - state.bits) ? i : best),
    0,
  );
  slider.disabled = slots.length < 2;
  figures();
}

function figures() {
  const slots = seriesOf(state.tensor, state)?.slots ?? [];
  const slot = slots[Number($('slot').value)];
  const device = data.devices.find((d) => d.name === state.device);
  const bits = slot === undefined ? null : (8 * slot) / state.block;
  const ratio = bits === null ? null : formatBits[state.format] / bits;
  const text = bits === null ? 'not measured' : `${slot} bytes, ${brief(bits)} bits a value`;
  $('slot-text').textContent = text;
  $('slot').setAttribute('aria-valuetext', text);
  const other = {...state, order: state.order === 'field' ? 'significance' : 'field'};
  const db = dbAt(state.tensor, state, slot),
    otherDb = dbAt(state.tensor, other, slot);
  const pair = (key, digits) => {
    const [a, b] = [device?.compressor?.[key], device?.decompressor?.[key]].map((v) => fixed(v, digits));
    return a === null && b === null ? notMeasured : `${a ?? '?'} / ${b ?? '?'}`;
  };
  const rate = (side) => (device?.[side] ? device[side].bytes / device[side].ns : null);
  const rates = [rate('compressor'), rate('decompressor')].map((v) => fixed(v, 1));
  const nanoseconds = (side) => (device?.[side] ? fixed(device[side].latency * device[side].ns, 0) : null);
  const tiles = [
    [
      'ratio',
      'Ratio',
      ratio === null ? notMeasured : `${fixed(ratio, 2)} <small>: 1</small>`,
      state.format === 'fp32' ? 'against FP32' : `against ${formatNames[state.format]}`,
    ],
    [
      'db',
      `Kept, ${state.order}`,
      decibel(db),
      `${other.order}: ${otherDb === null ? 'no such slot' : decibelCell(otherDb)}${otherDb === null || otherDb === exactly ? '' : ' dB'}`,
    ],
    ['kge', 'Area, kGE', pair('kge', 1), 'compressor / decompressor'],
    ['ns', 'Clock, ns', pair('ns', 2), 'compressor / decompressor'],
    [
      'gbps',
      'Values, GB/s',
      device ? rates.map((v) => v ?? '?').join(' / ') : notMeasured,
      device && ratio
        ? `slots: ${[rate('compressor'), rate('decompressor')].map((v) => fixed(v / ratio, 1)).join(' / ')} GB/s`
        : 'in / out',
    ],
    [
      'latency',
      'Latency, cycles',
      pair('latency', 0),
      device
        ? `${nanoseconds('compressor')} / ${nanoseconds('decompressor')} ns`
        : 'compressor / decompressor',
    ],
  ];
  $('figures').innerHTML = tiles
    .map(
      ([key, k, v, s]) =>
        `<div id="figure-${key}"><div class="k">${k}</div><div class="v">${v}</div><div class="s">${s}</div></div>`,
    )
    .join('');

  const ring = [];
  const list = ['significance', 'field'].map((order) => {
    const s = seriesOf(state.tensor, {...state, order});
    const points = (s?.slots ?? [])
      .map((t, i) => ({t, db: s.db[indexOf(state.tensor)][i]}))
      .filter((p) => p.db !== null && p.db !== exactly)
      .map((p) => ({
        x: (8 * p.t) / state.block,
        y: p.db / 10,
        text: `${brief((8 * p.t) / state.block)} bits, T = ${p.t}<br>${fixed(p.db / 10, 1)} dB`,
      }));
    if (order === state.order) ring.push(...points.filter((p) => p.x === bits));
    return {
      label: order,
      colour: `--c-${order}`,
      shape: order === 'field' ? 'square' : 'circle',
      line: true,
      dash: order === 'field',
      size: 3.5,
      points,
    };
  });
  for (const s of list) Object.assign(s.points.at(-1) ?? {}, {name: s.label, left: true, dy: -12});
  const ys = list.flatMap((s) => s.points.map((p) => p.y));
  const xs = list.flatMap((s) => s.points.map((p) => p.x));
  chart('chart-choose', list, {
    empty: db === exactly ? 'bit for bit at every slot size' : undefined,
    ring,
    x: {label: 'bits per value, metadata counted', range: [0, Math.max(...xs, 8) + 1]},
    y: {label: 'SNR, dB', range: [Math.min(0, ...ys), Math.ceil((Math.max(...ys, 10) + 8) / 10) * 10]},
  });
}
$('slot').addEventListener('input', () => {
  const slot = seriesOf(state.tensor, state)?.slots[Number($('slot').value)];
  if (slot !== undefined) state.bits = (8 * slot) / state.block;
  figures();
});
$('pick-group').addEventListener('change', (e) => {
  [state.group, state.rows] = e.target.value.split('/').map(Number);
  state.device = '';
  choose();
});
$('pick-tensor').addEventListener('change', (e) => {
  state.tensor = e.target.value;
  choose();
});
$('pick-device').addEventListener('change', (e) => {
  state.device = e.target.value;
  figures();
});
