// SPDX-License-Identifier: Apache-2.0
// build.mjs [--out FILE] [--training FOLDER] [TENSOR]: build/report/index.html, or FILE, one file that needs no network, of the
// tables in the checkout; those of training from docs/training, or FOLDER. With TENSOR its rates and distortions too, measured with the actplane command of build/release or of ACTPLANE.
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {spawnSync} from 'node:child_process';
import {dirname, join, relative, resolve} from 'node:path';
import {die, here, under} from './lib.mjs';
import {distortion, gather, tenths} from './gather.mjs';
import {areaOverThroughput} from './plot.mjs';
import {blocks, evaluate, nameOf, peers, series, sweepSeries, zfp} from './sweep.mjs';

const most = 400e3; // bytes of the page
// The scripts of the page, one after the other.
const scripts = [
  'text',
  'marks',
  'chart',
  'tensor',
  'choose',
  'distortion',
  'area',
  'training',
  'trust',
  'start',
];
const mostTensors = 40;

function measure(path, program) {
  if (!existsSync(path)) die(`${path}: no such file; give TENSOR=your.npy`);
  if (!existsSync(program)) die(`${program}: no such program; make build first`);
  try {
    // 16-bit integers are bfloat16 only if the user says so.
    const said = process.env.FORMAT ? ['--format', process.env.FORMAT] : [];
    const found = evaluate(program, [path, ...said]);
    const [first] = found;
    if (found.some((row) => row.format !== first.format && row.file !== 'all'))
      die(`${path} has tensors of several formats; save those of one in a file of their own`);
    const rows = blocks.flatMap((block) =>
      series(first.format).flatMap((one) => sweepSeries(program, [path], first.format, block, one)),
    );
    const tensors = Object.keys(rows[0]).slice(7);
    if (tensors.length > mostTensors)
      die(
        `${path} has ${tensors.length - 1} tensors; choose some with actplane's --tensor, at most ${mostTensors - 1} fit into a page`,
      );
    // The sum comes first, as in the committed tables.
    const order = ['all', ...tensors.filter((name) => name !== 'all')];
    const sort = (row, lead) =>
      Object.fromEntries(
        [
          ...Object.keys(row)
            .filter((k) => !tensors.includes(k))
            .slice(0, lead),
          ...order,
        ].map((k) => [k, row[k]]),
      );
    const marks = (list, lead) =>
      list.map((row) => ({
        ...row,
        ...sort(row, lead),
        bits: Number(row.bits),
        db: order.map((name) => tenths(row[name])),
      }));
    const other = first.format === 'fp32' && path.endsWith('.npy') && spawnSync('zfp').error === undefined;
    return {
      name: nameOf(path),
      format: first.format,
      distortion: distortion(rows.map((row) => sort(row, 7))),
      peers: marks(peers(program, [path], said), 2).map(({peer, bits, db}) => ({peer, bits, db})),
      zfp: other ? marks(zfpOf(path), 2).map(({dims, bits, db}) => ({dims, bits, db})) : [],
    };
  } catch (error) {
    return die(
      error.message.replace(/^actplane: /, '').replace('pass --format bf16', 'add FORMAT=bf16'),
      error.status ?? 3,
    );
  }
}
function zfpOf(path) {
  // zfp does not read every .npy that the command reads; then it is not measured
  try {
    return zfp([path]);
  } catch {
    return [];
  }
}

const args = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : args.splice(at, 2)[1];
};
const out = resolve(option('--out', under('build/report/index.html')));
const folder = option('--training');
const [tensor, ...more] = args;
if (more.length)
  die('usage: build.mjs [--out FILE] [--training FOLDER] [TENSOR]; one tensor file at a time', 2);
const program = process.env.ACTPLANE ?? under('build/release/bin/actplane');
const data = gather(tensor ? measure(tensor, program) : null, folder);
const read = (...parts) => readFileSync(join(here, ...parts), 'utf8');
const uplot = join('node_modules', 'uplot', 'dist');
if (!existsSync(join(here, uplot))) die('uPlot is not there; npm ci in report/', 1);

const parts = {
  '/*{{style}}*/': read(uplot, 'uPlot.min.css') + read('page/style.css').replace(/\n\s*/g, '\n'),
  '<!--{{area}}-->':
    areaOverThroughput(data.devices, data.hardware, true) +
    areaOverThroughput(data.devices, data.hardware, false),
  '{{data}}': JSON.stringify(data).replaceAll('<', '\\u003c'),
  '/*{{uplot}}*/': read(uplot, 'uPlot.iife.min.js').replaceAll('</script', '<\\/script'),
  '/*{{panels}}*/': scripts.map((name) => read('page', `${name}.js`)).join(''),
};
let page = read('page/template.html');
for (const [mark, text] of Object.entries(parts)) {
  if (page.split(mark).length !== 2) die(`template.html has no place, or several, for ${mark}`, 1);
  page = page.replace(mark, () => text);
}
const size = Buffer.byteLength(page);
if (size >= most) die(`the page has ${size} bytes, ${most} are the limit`, 1);
mkdirSync(dirname(out), {recursive: true});
writeFileSync(out, page);
console.log(
  `report     ${relative(under(), out)}, ${Math.ceil(size / 1000)} kB, opens from disk${tensor ? `, with ${tensor}` : ''}`,
);
