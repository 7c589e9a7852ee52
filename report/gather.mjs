// SPDX-License-Identifier: Apache-2.0
// All that the report shows as one object: committed CSVs, what build/ holds, and the user's tensor if there is one.
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {number, readCsv, under} from './lib.mjs';

// SNR in tenths of a dB; -9999 is a tensor that came back bit for bit, null is not measured.
export const exactly = -9999;
export const tenths = (field) =>
  field === 'exact' ? exactly : field === '' || field === undefined ? null : Math.round(10 * Number(field));

const distortionColumns = 7;
export function distortion(rows) {
  if (rows.length === 0) return {tensors: [], series: []};
  const tensors = Object.keys(rows[0]).slice(distortionColumns);
  const series = [];
  for (const row of rows) {
    const key = {
      format: row.format,
      block: Number(row.block),
      order: row.order,
      group: number(String(row.group)),
      rows: number(String(row.rows)),
    };
    let one = series.find((s) => Object.keys(key).every((k) => s[k] === key[k]));
    if (!one) series.push((one = {...key, slots: [], db: tensors.map(() => [])}));
    one.slots.push(Number(row.slot_bytes));
    tensors.forEach((name, t) => one.db[t].push(tenths(row[name])));
  }
  return {tensors, series};
}

const marks = (rows, key) =>
  rows.map((row) => ({
    ...key(row),
    bits: Number(row.bits),
    db: Object.keys(row)
      .slice(2)
      .map((name) => tenths(row[name])),
  }));

const formatsOf = (mask) => (mask === 'all' ? ['fp32', 'fp16', 'bf16'] : mask.split('+'));

// Devices whose area, clock and cycles are all measured: the points of explore, and `default`.
function devices() {
  const list = [];
  const add = (direction, key, figures) => {
    let one = list.find((d) => d.name === key.name);
    if (!one) list.push((one = {...key}));
    one[direction] = figures;
  };
  for (const row of readCsv(under('synth/reports/explore.csv')))
    add(
      row.direction,
      {
        name: row.point,
        block: Number(row.block_len),
        width: Number(row.stream_width),
        formats: formatsOf(row.formats),
        orders: [row.orders],
        group: Number(row.group_len),
        depth: Number(row.depth),
        searches: number(row.searches) ?? 1,
        queue: row.fifo,
      },
      {
        kge: Number(row.kge),
        bytes: Number(row.bytes_per_cycle),
        ns: Number(row.period_ns),
        latency: Number(row.latency_cycles),
      },
    );

  const area = readCsv(under('synth/reports/area.csv')).filter(
    (r) => r.config === 'default' && r.library === 'actp_ge',
  );
  const timing = readCsv(under('synth/reports/timing.csv')).filter(
    (r) => r.config === 'default' && r.library === 'NangateOpenCellLibrary',
  );
  const cycles = readCsv(under('report/data/cycles.csv')).filter(
    (r) => r.config === 'default' && r.mode !== 'lossless',
  );
  for (const order of ['field', 'significance'])
    for (const direction of ['compressor', 'decompressor']) {
      const rows = cycles.filter((r) => r.order === order && r.device === direction);
      add(
        direction,
        {
          name: `default, order ${order}`,
          block: 128,
          width: 256,
          formats: formatsOf('all'),
          orders: [order],
          group: 8,
          depth: 24,
          searches: 1,
          queue: 'flops',
          both: true,
        },
        {
          kge: number(area.find((r) => r.top === `actp_${direction}`)?.ge_total) / 1000,
          bytes: Math.min(...rows.map((r) => Number(r.bytes_per_cycle))),
          ns: number(timing.find((r) => r.top === `actp_${direction}`)?.period_ns),
          latency: Math.max(...rows.map((r) => Number(r.latency))),
        },
      );
    }
  return list;
}

// Area of the configurations that goals are stated for, in Nangate45, per byte of the stream.
export function goals() {
  const area = readCsv(under('synth/reports/area.csv'));
  const timing = readCsv(under('synth/reports/timing.csv'));
  const width = Object.fromEntries(
    readFileSync(under('synth/configs.txt'), 'utf8')
      .split('\n')
      .filter((l) => l && !l.startsWith('#'))
      .map((l) => l.split(/\s+/))
      .map(([name, , bits]) => [name, Number(bits) / 8]),
  );
  return readCsv(under('report/data/goals.csv')).map((goal) => {
    const of = (rows, direction) =>
      rows.find(
        (r) =>
          r.config === goal.config &&
          r.top === `actp_${direction}` &&
          r.clock_gating === goal.clock_gating &&
          r.library === 'NangateOpenCellLibrary',
      );
    const side = (direction) => ({
      kge: number(of(area, direction)?.ge_total) / 1000,
      per: number(of(area, direction)?.ge_total) / 1000 / width[goal.config],
      ns: number(of(timing, direction)?.period_ns),
      goal: number(goal[direction]),
    });
    return {
      config: goal.config,
      gates: goal.clock_gating,
      bytes: width[goal.config],
      goal: goal.text,
      ns: number(goal.clock_ns),
      compressor: side('compressor'),
      decompressor: side('decompressor'),
    };
  });
}

// Training tables, of the track that docs/results.md describes where they are there, and of the one before it.
const tables = [
  ['quoted.csv', 'GPT-2 mini, what README quotes', 'without'],
  ['stored.csv', 'GPT-2 mini, maps as they come back', 'with'],
  ['track.csv', 'GPT-2 mini', 'with'],
  ['again.csv', 'GPT-2 mini', 'without'],
  ['flash.csv', 'GPT-2 mini, log-sum-exp of forward', 'without'],
  ['ratios.csv', 'GPT-2 mini, large ratios', 'without'],
  ['llama.csv', 'Llama mini', 'without'],
  ['long.csv', 'GPT-2 mini, 20,000 steps', 'without'],
  ['large.csv', 'GPT-2 mini, 45 MB of text, 20,000 steps', 'without'],
  ['long-stored.csv', 'GPT-2 mini, 20,000 steps, maps as they come back', 'with'],
  ['docs/history/training/methods.csv', 'GPT-2, from scratch, 2,000 steps', 'with', 'old'],
  ['docs/history/training/finetune.csv', 'GPT-2, fine-tuning, 300 steps', 'with', 'old'],
  ['docs/history/training/converge.csv', 'GPT-2, from scratch, to convergence', 'with', 'old'],
];

// What stores a tensor, without the formula that decides how attention has its maps.
export const storeOf = (method) => method.replace(/^(flash|recompute:scope=attention|maps:sums=stored)\+/, '');

export const familyOf = (method) => {
  const own = storeOf(method);
  if (/\+.*actplane/.test(own)) return 'with';
  if (/^actplane:order=field/.test(own)) return 'field';
  if (/^actplane/.test(own)) return 'significance';
  if (/^(bf16|mx|nvfp4|nf4|zfp)/.test(own)) return 'format';
  if (/^(group|gact|alam|mesa)/.test(own)) return 'integer';
  return 'formula';
};

function second(first) {
  return readCsv(under('report/data/training_version2.csv')).map((row) => {
    const percents = row.percents.split(' ').map(Number);
    const like = first.find((r) => r.method === row.bytes_of); // slots of the same size
    return {
      method: row.method,
      family: familyOf(row.method),
      bytes: like.bytes,
      ratio: like.ratio,
      gradient: Number(row.relative),
      bias: Number(row.bias),
      seeds: percents.length,
      diverged: 0,
      loss: percents.reduce((a, b) => a + b) / percents.length,
      low: Math.min(...percents),
      high: Math.max(...percents),
      failure: '',
      old: false,
    };
  });
}

// The error of the gradient alone, of what stores tensors; with maps, or made again without.
function gradients(folder) {
  const path = `${folder}/gradient.csv`;
  if (!existsSync(under(path))) return [];
  const all = readCsv(under(path));
  const names = {mini: 'GPT-2 mini', 'llama-mini': 'Llama mini'};
  const forms = {maps: '', again: '', flash: ', log-sum-exp of forward'};
  return Object.entries(forms).flatMap(([formula, how]) =>
    Object.entries(names).map(([network, name]) => ({
      path: `${path}: ${network}, ${formula}`,
      title: `${name}, gradient alone${how}`,
      maps: formula === 'maps' ? 'with' : 'without',
      track: 'new',
      rows: [
        {stash: 'exact', float32: all.find((r) => r.network === network).float32, ratio: 1, relative: 0, bias: 0},
        ...all.filter((r) => r.network === network && r.formula === formula),
      ].map((r) => ({
        method: r.stash,
        family: familyOf(r.stash),
        bytes: number(r.relative) < 10 ? number(r.float32) / number(r.ratio) : null, // beyond, it is no gradient
        ratio: number(r.ratio),
        gradient: number(r.relative) < 10 ? number(r.relative) : null,
        bias: number(r.bias),
        seeds: 1,
        diverged: 0,
        loss: null,
        low: null,
        high: null,
        failure: number(r.relative) < 10 ? '' : 'the gradient explodes',
      })),
    })),
  );
}

function training(folder) {
  const list = [];
  for (const [name, title, maps, track] of tables) {
    const path = track === 'old' ? name : `${folder}/${name}`;
    if (!existsSync(under(path))) continue;
    const verdicts = path.replace(/\.csv$/, '-verdict.csv');
    const said = new Map(
      (existsSync(under(verdicts)) ? readCsv(under(verdicts)) : []).map((v) => [
        v.method,
        v.against_least ? `${v.verdict}; against the least of these bytes: ${v.against_least}` : v.verdict,
      ]),
    );
    const rows = readCsv(under(path)).map((row) => {
      const old = row.against !== undefined; // a fraction of the loss, with least and largest over seeds
      const percent = (name, past) =>
        old ? (number(row[past]) === null ? null : 100 * number(row[past])) : number(row[name]);
      return {
        method: row.method,
        family: familyOf(row.method),
        bytes: number(row.total),
        ratio: number(row.ratio),
        gradient: number(row.relative),
        bias: number(row.bias),
        seeds: number(row.seeds),
        diverged: number(row.diverged) ?? 0,
        loss: percent('loss_percent', 'against'),
        low: old || row.seeds > 2 ? percent('loss_percent_low', 'against_least') : null, // of two it says nothing
        high: old || row.seeds > 2 ? percent('loss_percent_high', 'against_largest') : null,
        failure: row.failure,
        verdict: said.get(row.method) ?? '',
      };
    });
    // The codec's rows of these tables are of format version 1; what was measured again with version 2 joins them.
    if (track === 'old') {
      for (const row of rows) row.old = /actplane/.test(row.method);
      if (path.endsWith('methods.csv')) rows.push(...second(rows));
    }
    list.push({path, title, maps, track: track ?? 'new', rows});
  }
  list.splice(list.filter((t) => t.track === 'new').length, 0, ...gradients(folder));
  return list;
}

// What runs have left in build/, with the time of each: tests of a build, proofs, coverage of the RTL.
function runs() {
  const list = [];
  const add = (name, path, text) => {
    if (existsSync(path))
      list.push({name, text: text(path), date: statSync(path).mtime.toISOString().slice(0, 10)});
  };
  if (existsSync(under('build')))
    for (const preset of readdirSync(under('build')).sort())
      add(`tests, ${preset}`, under('build', preset, 'tests.txt'), (path) =>
        readFileSync(path, 'utf8').trim(),
      );
  add('proofs', under('build/formal/formal.csv'), (path) => {
    const results = readCsv(path).map((row) => row.result);
    return `${results.filter((result) => result === 'proved').length} of ${results.length} proved`;
  });
  add('coverage of rtl/', under('build/cover/summary.txt'), (path) =>
    readFileSync(path, 'utf8').trim().split('\n').at(-1),
  );
  return list;
}

// The commit that the checkout is at, and its date; nothing in a tree without git.
function commit() {
  try {
    const git = (...args) =>
      execFileSync('git', ['-C', under(), ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return {id: git('rev-parse', '--short', 'HEAD'), date: git('log', '-1', '--format=%as')};
  } catch {
    return {id: '', date: ''};
  }
}

export function gather(tensor, folder = 'docs/training') {
  return {
    commit: commit(),
    distortion: distortion(readCsv(under('report/data/distortion.csv'))),
    peers: marks(readCsv(under('report/data/peers.csv')), (r) => ({peer: r.peer})),
    zfp: marks(readCsv(under('report/data/zfp.csv')), (r) => ({dims: Number(r.dims)})),
    devices: devices(),
    goals: goals(),
    hardware: readCsv(under('report/data/hardware_peers.csv')).map((r) => ({
      ...r,
      kge: Number(r.kge),
      low: Number(r.bytes_low),
      high: Number(r.bytes_high),
      ns: Number(r.clock_ns),
    })),
    training: training(folder),
    trust: readCsv(under('report/data/trust.csv')),
    runs: runs(),
    tensor: tensor ?? null,
  };
}
