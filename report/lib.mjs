// SPDX-License-Identifier: Apache-2.0
// What all scripts of the report share: CSV, .npy, 16-bit formats, the root of the checkout, and how a fault ends.
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(here);
export const under = (...parts) => join(root, ...parts);

export function die(text, code = 3) {
  process.stderr.write(`report: ${text}\n`);
  process.exit(code);
}

// Rows of a CSV as objects by the names in its first line. Fields may be quoted.
export function parseCsv(text) {
  const lines = text
    .split(/\r?\n/)
    .filter(Boolean)
    .map((line) => {
      const fields = [];
      for (let i = 0; i <= line.length;) {
        if (line[i] === '"') {
          let field = '';
          for (++i; i < line.length && !(line[i] === '"' && line[i + 1] !== '"'); ++i) {
            field += line[i];
            if (line[i] === '"') ++i;
          }
          fields.push(field);
          i += 2;
        } else {
          const end = line.indexOf(',', i) < 0 ? line.length : line.indexOf(',', i);
          fields.push(line.slice(i, end));
          i = end + 1;
        }
      }
      return fields;
    });
  const [names, ...rows] = lines;
  return rows.map((row, i) => {
    if (row.length !== names.length)
      throw new Error(`line ${i + 2} has ${row.length} fields of ${names.length}`);
    return Object.fromEntries(names.map((name, k) => [name, row[k]]));
  });
}

export function readCsv(path) {
  try {
    return parseCsv(readFileSync(path, 'utf8'));
  } catch (error) {
    return die(`${path}: ${error.message}`);
  }
}

export function formatCsv(names, rows) {
  const quote = (field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const line = (row) => names.map((name) => quote(String(row[name] ?? ''))).join(',');
  return [names.join(','), ...rows.map(line)].join('\n') + '\n';
}

// A number, or null where the field is empty or, as the trainer has the interval of one seed, nan: what was not measured
// is no zero.
export const number = (field) =>
  field === undefined || field === '' || field === 'nan' ? null : Number(field);

// The float32 values and the shape of a .npy of little-endian float32, as tests/data has them.
export function readNpy(path) {
  const bytes = readFileSync(path);
  if (bytes.subarray(1, 6).toString('latin1') !== 'NUMPY') throw new Error(`${path} is no .npy`);
  const wide = bytes[6] > 1;
  const start = (wide ? 12 : 10) + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.subarray(10, start).toString('latin1');
  if (!header.includes("'<f4'") || header.includes("'fortran_order': True"))
    throw new Error(`${path} is not of <f4 in C order`);
  const shape = /\(([\d, ]*)\)/
    .exec(header)[1]
    .split(',')
    .map((s) => s.trim())
    .filter(Boolean)
    .map(Number);
  const data = bytes.subarray(start);
  const values = new Float32Array(data.length / 4);
  for (let i = 0; i < values.length; ++i) values[i] = data.readFloatLE(4 * i);
  return {values, shape};
}

export function npyOf(words, shape, dtype) {
  // Uint16Array
  const head = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = head.padEnd(128 - 10 - 1) + '\n';
  const lead = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  return Buffer.concat([lead, Buffer.from(padded, 'latin1'), Buffer.from(words.buffer)]);
}

// float32 to the bits of a 16-bit format, to nearest, ties to even. Finite values that stay finite only.
export function bf16Of(value) {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0];
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fp16Of(value) {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === 0) return sign;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  // Math.log2 may be off by one next to a power of two; the sum below carries over all the same.
  const exact = size / 2 ** (exponent - 10);
  let steps = Math.floor(exact);
  const rest = exact - steps;
  if (rest > 0.5 || (rest === 0.5 && steps % 2 === 1)) ++steps;
  const code = steps < 1024 ? steps : ((exponent + 14) << 10) + steps;
  if (code >= 0x7c00) throw new Error(`${value} is too large for FP16`);
  return sign | code;
}
