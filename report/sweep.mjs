// SPDX-License-Identifier: Apache-2.0
// SNR over slot size, peers and zfp on a set of tensors, as rows with a column for each tensor. The figures are those of
// `actplane eval --csv` and of Debian's command `zfp`; nothing is computed here but the SNR of what zfp gives back.
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {bf16Of, fp16Of, npyOf, parseCsv, readNpy} from './lib.mjs';

export const blocks = [32, 64, 128, 256];
export const bitsPerValue = [
  2, 2.25, 2.5, 3, 3.5, 4, 4.25, 4.5, 5, 5.5, 6, 6.25, 7, 8, 8.25, 9, 10, 12, 14, 16, 20, 24,
];
export const zfpBits = [2.25, 3, 4, 4.25, 4.5, 5, 6, 6.25, 7, 8, 8.25, 9, 10, 12, 14, 16];

// What is measured for each format: an order with its groups and rows.
export const series = (format) => [
  {order: 'field', group: '', rows: ''},
  {order: 'significance', group: 8, rows: 12},
  ...(format === 'fp32' ? [{order: 'significance', group: 8, rows: 24}] : []),
  {order: 'significance', group: 4, rows: 12},
  ...(format === 'fp32' ? [{order: 'significance', group: 4, rows: 16}] : []), // what the command takes by default
];

export const nameOf = (path) => (path === 'all' ? 'all' : basename(path).replace(/\.[^.]*$/, ''));

// A cell: SNR in dB, `exact` where every bit came back, empty where there is none.
const cell = (row) => (row.exact === 'true' ? 'exact' : row.snr_db === '' ? '' : row.snr_db);

// The name of a tensor in a row of eval: that of the file, with its own name where the file has several.
const columns = [
  'format',
  'block',
  'order',
  'group',
  'rows',
  'slot_bytes',
  'bits',
  'peer',
  'dims',
  '__proto__',
];
const tensorOf = (row) => {
  const name = row.tensor ? row.tensor : nameOf(row.file);
  // A name of digits would go in front of all others in an object.
  const taken = columns.includes(name) || /^\d+$/.test(name) || (name === 'all' && row.file !== 'all');
  return taken ? `tensor ${name}` : name;
};

export function evaluate(program, args) {
  const run = spawnSync(program, ['eval', ...args, '--csv'], {encoding: 'utf8', maxBuffer: 1 << 28});
  if (run.error) throw run.error;
  if (run.status !== 0) throw Object.assign(new Error(run.stderr.trim()), {status: run.status});
  return parseCsv(run.stdout);
}

// Smallest and largest slot, as the program states them when it refuses one.
function bounds(program, args) {
  try {
    evaluate(program, [...args, '--slot-bytes', '1']);
  } catch (error) {
    const found = /use (\d+) to (\d+) bytes/.exec(error.message);
    if (found) return found.slice(1).map(Number);
    throw error;
  }
  throw new Error('a slot of 1 byte was not refused');
}

export function sweepSeries(program, files, format, block, one, wanted = bitsPerValue) {
  const bf16 = format === 'bf16' && files.every((file) => file.endsWith('.npy')) ? ['--format', 'bf16'] : [];
  const options = [
    '--block',
    block,
    '--order',
    one.order,
    ...bf16,
    ...(one.order === 'significance' ? ['--group', one.group, '--rows', one.rows] : []),
  ].map(String);
  const [least, most] = bounds(program, [...files, ...options]);
  const sizes = wanted
    .map((bits) => (bits * block) / 8)
    .filter((t) => Number.isInteger(t) && t >= least && t <= most);
  if (sizes.length === 0) return [];
  const found = evaluate(program, [
    ...files,
    ...options,
    ...sizes.flatMap((t) => ['--slot-bytes', String(t)]),
  ]);
  // Each tensor has its lines in the order of the sizes that were asked for.
  const seen = {};
  const rows = sizes.map((t) => ({
    format,
    block,
    order: one.order,
    group: one.group,
    rows: one.rows,
    slot_bytes: t,
    bits: (8 * t) / block,
  }));
  for (const line of found) {
    const name = tensorOf(line);
    seen[name] = (seen[name] ?? -1) + 1;
    rows[seen[name]][name] = cell(line);
  }
  return rows;
}

export function sweep(program, filesOf, formats) {
  const rows = [];
  for (const format of formats)
    for (const block of blocks)
      for (const one of series(format))
        rows.push(...sweepSeries(program, filesOf[format], format, block, one));
  return rows;
}

export function peers(program, files, options = []) {
  const rows = [];
  for (const line of evaluate(program, [...files, ...options, '--peers', '--order', 'significance'])) {
    if (line.order === 'significance' || line.order === 'field') continue;
    let row = rows.find((r) => r.peer === line.order);
    if (!row) rows.push((row = {peer: line.order, bits: line.bits_per_value}));
    row[tensorOf(line)] = cell(line);
  }
  return rows;
}

// zfp at fixed rates, over memory (1-D) or rows of the last dimension (2-D). Blocks are 4 or 4 x 4 values.
export function zfp(files, wanted = zfpBits) {
  const tensors = files.map((file) => ({name: nameOf(file), ...readNpy(file)}));
  const rows = [];
  for (const dims of [1, 2])
    for (const bits of wanted) {
      if (dims === 2 && tensors.some((t) => t.shape.length < 2)) continue;
      const row = {dims, bits};
      let signal = 0,
        noise = 0;
      for (const {name, values, shape} of tensors) {
        const last = shape.at(-1);
        const size = dims === 1 ? ['-1', values.length] : ['-2', last, values.length / last];
        const back = execFileSync(
          'zfp',
          ['-q', '-f', ...size.map(String), '-r', String(bits), '-i', '-', '-o', '-'],
          {
            input: Buffer.from(values.buffer, values.byteOffset, values.byteLength),
            maxBuffer: 1 << 28,
            stdio: ['pipe', 'pipe', 'pipe'],
          },
        );
        let s = 0,
          n = 0;
        for (let i = 0; i < values.length; ++i) {
          s += values[i] ** 2;
          n += (values[i] - back.readFloatLE(4 * i)) ** 2;
        }
        row[name] = n === 0 ? 'exact' : (10 * Math.log10(s / n)).toFixed(3);
        signal += s;
        noise += n;
      }
      row.all = noise === 0 ? 'exact' : (10 * Math.log10(signal / noise)).toFixed(3);
      rows.push(row);
    }
  return rows;
}

// The same tensors in all formats: as they are, and rounded to 16 bits, in a folder that `done` removes.
export function inFormats(files) {
  const folder = mkdtempSync(join(tmpdir(), 'actplane-report-'));
  const filesOf = {fp32: files, fp16: [], bf16: []};
  for (const file of files) {
    const {values, shape} = readNpy(file);
    for (const [format, dtype, of] of [
      ['fp16', '<f2', fp16Of],
      ['bf16', '<u2', bf16Of],
    ]) {
      mkdirSync(join(folder, format), {recursive: true});
      const path = join(folder, format, `${nameOf(file)}.npy`);
      writeFileSync(path, npyOf(Uint16Array.from(values, of), shape, dtype));
      filesOf[format].push(path);
    }
  }
  return {filesOf, done: () => rmSync(folder, {recursive: true})};
}
