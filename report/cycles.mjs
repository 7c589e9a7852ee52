// SPDX-License-Identifier: Apache-2.0
// cycles.mjs: the rows of `actplane-sim --table --json` on standard input as CSV, without the point that a build draws.
import {readFileSync} from 'node:fs';
import {formatCsv} from './lib.mjs';

const names = [
  'config',
  'block_len',
  'stream_width',
  'formats',
  'device',
  'format',
  'order',
  'mode',
  'cycles_per_block',
  'bytes_per_cycle',
  'latency',
  'bubbles',
];
const rows = JSON.parse(readFileSync(0, 'utf8')).rows.filter((row) => row.config !== 'point');
for (const row of rows)
  for (const name of ['cycles_per_block', 'bytes_per_cycle']) row[name] = row[name].toFixed(4);
process.stdout.write(formatCsv(names, rows));
