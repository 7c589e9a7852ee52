// SPDX-License-Identifier: Apache-2.0
// measure.mjs PROGRAM: rewrites distortion.csv, peers.csv and zfp.csv in report/data from tests/data; called by data.sh.
import {readdirSync, writeFileSync} from 'node:fs';
import {die, formatCsv, under} from './lib.mjs';
import {inFormats, nameOf, peers, sweep, zfp} from './sweep.mjs';

const program = process.argv[2] ?? die('usage: measure.mjs PROGRAM', 2);
const files = readdirSync(under('tests/data'))
  .filter((f) => f.endsWith('.npy'))
  .sort()
  .map((f) => under('tests/data', f));
const tensors = ['all', ...files.map(nameOf)];
const write = (name, names, rows) => {
  writeFileSync(under('report/data', name), formatCsv(names, rows));
  console.log(`data       report/data/${name}, ${rows.length} rows`);
};

const {filesOf, done} = inFormats(files);
try {
  write(
    'distortion.csv',
    ['format', 'block', 'order', 'group', 'rows', 'slot_bytes', 'bits', ...tensors],
    sweep(program, filesOf, ['fp32', 'fp16', 'bf16']),
  );
} finally {
  done();
}
write('peers.csv', ['peer', 'bits', ...tensors], peers(program, files));
write('zfp.csv', ['dims', 'bits', ...tensors], zfp(files));
