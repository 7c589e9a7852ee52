// SPDX-License-Identifier: Apache-2.0
// Figures that README.md, docs/results.md, docs/rtl.md, the lab book and the report state, made again from the committed tables:
// each is a piece of text that must stand in its file, whatever the line breaks and the bold. A figure that has changed in one
// place only is a fault. The table and the picture of README.md: readme.mjs.
import {readFileSync, readdirSync} from 'node:fs';
import {number, readCsv, under} from './lib.mjs';
import {goals} from './gather.mjs';

const plain = (text) => text.replaceAll('**', '').replace(/\s+/g, ' ');
// A value as a text of so many digits; one that lies half way may have been rounded up or down, and then either is allowed.
function round(value, digits) {
  const steps = Math.abs(value) * 10 ** digits;
  if (Math.abs(steps - Math.floor(steps) - 0.5) > 1e-6) return value.toFixed(digits);
  return `\u27e8${(Math.floor(steps) / 10 ** digits).toFixed(digits)}|${(Math.ceil(steps) / 10 ** digits).toFixed(digits)}\u27e9`;
}
const pattern = (text) =>
  new RegExp(
    plain(text)
      .replace(/[.*+?^$()[\]\\{}|]/g, '\\$&')
      .replace(/\u27e8(.*?)\\\|(.*?)\u27e9/g, '(?:$1|$2)'),
  );
const results = 'docs/results.md';
const book = 'docs/history/results-v2.md';
const cache = {};
const fileText = (path) => (cache[path] ??= plain(readFileSync(under(path), 'utf8')));

// What must stand where: [file, text].
export function expected() {
  const list = [];
  const say = (file, text) => list.push([file, text]);
  const both = (text) => [results, book].forEach((file) => say(file, text)); // the ten figures, and the lab book
  const area = readCsv(under('synth/reports/area.csv'));
  const timing = readCsv(under('synth/reports/timing.csv'));
  const explore = readCsv(under('synth/reports/explore.csv'));
  const distortion = readCsv(under('report/data/distortion.csv'));
  const peerRows = readCsv(under('report/data/peers.csv'));
  const fpga = readCsv(under('synth/reports/fpga.csv'));
  const row = (rows, wanted) => {
    const found = rows.filter((r) => Object.entries(wanted).every(([k, v]) => r[k] === String(v)));
    if (found.length !== 1) throw new Error(`${found.length} rows with ${JSON.stringify(wanted)}`);
    return found[0];
  };
  const libraries = {project: 'actp_ge', nangate: 'NangateOpenCellLibrary', osu018: 'osu018_stdcells'};
  const kge = (config, side, library, column = 'ge_total', gates = 'off') =>
    number(
      row(area, {config, top: `actp_${side}`, library: libraries[library], clock_gating: gates})[column],
    ) / 1000;
  const ns = (config, side, library, gates = 'off') =>
    number(
      row(timing, {config, top: `actp_${side}`, library: libraries[library], clock_gating: gates}).period_ns,
    );
  const sides = ['compressor', 'decompressor'];

  // ---- synthesis: the default configuration and the goals
  const [comp, decomp] = sides.map((side) => round(kge('default', side, 'nangate') / 32, 2));
  const [compNs, decompNs] = sides.map((side) => round(ns('default', side, 'nangate'), 3));
  say(
    results,
    `compressor ${comp} kGE per byte per cycle at ${compNs} ns, decompressor ${decomp} at ${decompNs} ns`,
  );
  const table = goals();
  const goal = (config, gates) => table.find((g) => g.config === config && g.gates === gates);
  const areas = (g) => `${round(g.compressor.per, 2)} / ${round(g.decompressor.per, 2)}`;
  const slowest = (g) => round(Math.max(g.compressor.ns, g.decompressor.ns), 2);
  say(
    results,
    `| ${areas(goal('significance32', 'on'))} kGE | ${round(goal('significance32', 'on').compressor.goal, 1)} / ${goal('significance32', 'on').decompressor.goal}, missed |`,
  );
  say(results, `| ${slowest(goal('field32', 'on'))} / ${slowest(goal('significance32', 'on'))} ns |`);
  const pair = (text) => sides.map(text).join(' | ');
  say(book, `| project's library, kGE | ${pair((s) => round(kge('default', s, 'project'), 1))} |`);
  say(book, `| of it flops | ${pair((s) => round(kge('default', s, 'project', 'ge_seq'), 1))} |`);
  say(book, `| Nangate45, kGE | ${pair((s) => round(kge('default', s, 'nangate'), 1))} |`);
  say(book, `| kGE per byte per cycle, Nangate45 | ${comp} | ${decomp} |`);
  say(book, `| osu018, kGE | ${pair((s) => round(kge('default', s, 'osu018'), 1))} |`);
  say(
    book,
    `| clock, Nangate45 / osu018, ns | ${pair((s) => `${round(ns('default', s, 'nangate'), 3)} / ${round(ns('default', s, 'osu018'), 3)}`)} |`,
  );
  for (const g of table)
    both(
      `| \`${g.config}\` | ${g.gates} | ${round(g.compressor.per, 2)} / ${round(g.decompressor.per, 2)} | ${g.goal} | ${round(g.compressor.ns, 2)} / ${round(g.decompressor.ns, 2)} |${g.ns === null ? ' |' : ` ${round(g.ns, 1)} |`}`,
    );
  for (const [family, name] of [
    ['xc7', 'Xilinx 7'],
    ['ecp5', 'ECP5'],
    ['ice40', 'iCE40'],
  ]) {
    const cells = (column) =>
      sides
        .map((s) =>
          Number(row(fpga, {config: 'default', top: `actp_${s}`, family})[column]).toLocaleString('en-US'),
        )
        .join(' / ');
    say(book, `| ${name} | ${cells('luts')} | ${cells('registers')} |`);
  }

  // ---- results: exploration
  const point = (name) => row(explore, {point: name, direction: 'compressor'});
  for (const [name, text] of [
    ['f64w256', '`field`, N = 64, 256 bits'],
    ['f128w256', '`field`, N = 128, 256 bits'],
    ['s128w256k8', '`significance`, K = 8, 256 bits'],
    ['s128w256k4', '`significance`, K = 4, 256 bits'],
  ]) {
    const p = point(name);
    say(
      book,
      `| ${text} | ${round(Number(p.kge), 1)} | ${round(Number(p.bytes_per_cycle), 1)} | ${round(Number(p.kge_per_byte_cycle), 2)} | ${round(Number(p.period_ns), 2)} | ${round(Number(p['snr_db_ratio_3.2']), 1)} |`,
    );
  }

  // ---- fidelity: samples, peers
  const db = (wanted, tensor = 'all') =>
    round(Number(row(distortion, {format: 'fp32', block: 128, ...wanted})[tensor]), 1);
  const field = (slot, tensor) => db({order: 'field', slot_bytes: slot}, tensor);
  const significance = (slot, tensor) =>
    db({order: 'significance', group: 4, rows: 16, slot_bytes: slot}, tensor);
  const less = (slot) =>
    (
      Number(
        row(distortion, {
          format: 'fp32',
          block: 128,
          order: 'significance',
          group: 4,
          rows: 16,
          slot_bytes: slot,
        }).all,
      ) - Number(row(distortion, {format: 'fp32', block: 128, order: 'field', slot_bytes: slot}).all)
    ).toFixed(1);
  say(
    'README.md',
    `It has ${less(160)} dB less noise on the sample activations at the paper's ratio of 3.2, and ${less(64)} dB less at 8`,
  );
  const ofGroups = (group, rows) =>
    Number(
      row(distortion, {format: 'fp32', block: 128, order: 'significance', group, rows, slot_bytes: 160}).all,
    );
  const finer = (ofGroups(4, 16) - ofGroups(8, 12)).toFixed(1);
  say('README.md', `those of 4, the command's default, have ${finer} dB more`);
  say(results, `Groups of 8 values in place of 4 cost ${finer} dB`);
  say('README.md', `order field SNR ${field(160)} dB`);
  say('README.md', `order significance SNR ${significance(160)} dB`);
  const three = (tensor) =>
    [160, 96, 64].map((slot) => `${field(slot, tensor)} / ${significance(slot, tensor)}`).join(' | ');
  say(book, `| all 23 samples, \`field\` / \`significance\` | ${three('all')} |`);
  say(book, `| \`gpt2.attn.p.npy\`, \`field\` / \`significance\` | ${three('gpt2.attn.p')} |`);
  say(results, `| all 23 samples | \`field\` / \`significance\` | ${three('all')} |`);
  say(
    results,
    `| \`gpt2.attn.p.npy\`, a softmax output | \`field\` / \`significance\` | ${three('gpt2.attn.p')} |`,
  );
  say(
    results,
    `at 10 bits a value, \`field\` / \`significance\` | ${field(160)} / ${significance(160)} dB |`,
  );
  say(results, `| the same at 4 bits | ${field(64)} / ${significance(64)} dB |`);
  const peer = (name) => round(Number(row(peerRows, {peer: name}).all), 1);
  both(`| MXINT8 / MXFP8 E4M3 | 8.25 | ${peer('mxint8')} / ${peer('mxfp8')} | ${significance(132)} |`);
  both(`| INT8 min/max, groups of 128 | 8.25 | ${peer('int8')} | ${significance(132)} |`);
  both(`| MXFP6 E2M3 | 6.25 | ${peer('mxfp6')} | ${significance(100)} |`);
  both(`| NVFP4 | 4.50 | ${peer('nvfp4')} | ${significance(72)} |`);
  both(
    `| MXFP4 / NF4 / INT4 | 4.25 | ${peer('mxfp4')} / ${peer('nf4')} / ${peer('int4')} | ${significance(68)} |`,
  );
  both(`| INT2 | 2.25 | ${peer('int2')} | ${significance(36)} |`);

  // ---- the three ratios of the paper
  const fieldRows = readCsv(under('docs/training/field.csv'));
  for (const [mix, label] of [
    ['2023', 'as in 2023: maps, dropout 0.1'],
    ['no_dropout', 'without dropout'],
    ['no_maps', 'without maps'],
  ]) {
    const parts = [64, 128].map((block) => {
      const r = row(fieldRows, {mix, block});
      return ['sign', 'exponent', 'mantissa', 'total'].map((part) => round(number(r[part]), 2)).join(' / ');
    });
    say(results, `| ${label} | ${parts.join(' | ')} |`);
  }

  // ---- synthetic data
  const bench = readCsv(under('report/data/bench.csv'));
  const snr = (data, codec, bits) => round(Number(row(bench, {data, codec, bits_per_value: bits}).snr_db), 1);
  say(
    results,
    `| softmax | \`field\` / \`significance\` / zfp 1-D | ${['field', 'significance', 'zfp 1-D'].map((codec) => snr('softmax', codec, 10)).join(' / ')} |`,
  );
  const across = (data, codec) => [10, 6, 4].map((bits) => snr(data, codec, bits)).join(' | ');
  for (const order of ['field', 'significance'])
    say(results, `| normal | \`${order}\` | ${across('normal', order)} |`);
  say(book, `| normal, \`field\` | ${across('normal', 'field')} |`);
  say(book, `| normal, \`significance\` | ${across('normal', 'significance')} |`);
  say(book, `| softmax, \`significance\` | ${across('softmax', 'significance')} |`);
  const zfps = [10, 6, 4].map(
    (bits) => `${snr('normal', 'zfp 1-D', bits)} / ${snr('normal', 'zfp 2-D', bits)}`,
  );
  say(book, `| normal, zfp 1-D / 2-D | ${zfps.join(' | ')} |`);
  say(results, `| normal | zfp 1-D / 2-D | ${zfps.join(' | ')} |`);

  // ---- hardware peers
  for (const p of readCsv(under('report/data/hardware_peers.csv'))) {
    const [low, high, size] = [number(p.bytes_low), number(p.bytes_high), number(p.kge)];
    const digits = (v) => (v >= 20 ? 0 : size / high < 2 ? 2 : 1);
    const bytes = low === high ? String(low) : `${round(low, 1)} to ${round(high, 1)}`;
    const per =
      low === high
        ? round(size / low, digits(size / low))
        : `${round(size / high, digits(size / high))} to ${round(size / low, digits(size / low))}`;
    const kges = size >= 100 ? round(size, 0) : round(size, 1);
    if (p.design.startsWith('BDI')) {
      // both directions are one row
      if (p.design !== 'BDI compressor') continue;
      const other = row(readCsv(under('report/data/hardware_peers.csv')), {design: 'BDI decompressor'});
      say(
        book,
        `| BDI compressor / decompressor | ${p.block} | ${kges} / ${round(number(other.kge), 1)} | ${bytes} | ${per} / ${round(number(other.kge) / low, 2)} | ${p.clock_ns} / ${other.clock_ns} (combinational) |`,
      );
    } else {
      const out = p.design === 'RedMulE-MX decoder, 32 lanes';
      const from = p.design === 'RedMulE-MX encoder, 32 lanes' ? ', from the input 7.28' : '';
      say(
        book,
        `| ${p.design} | ${p.block} | ${kges} | ${bytes}${out ? ' out' : ''} | ${per}${out ? ' (out)' : ''} | ${p.clock_ns}${from} |`,
      );
    }
  }

  // ---- cycles: the slowest row of a configuration, as the tables of rtl.md print it
  const cycles = readCsv(under('report/data/cycles.csv'));
  for (const order of ['field', 'significance'])
    for (const config of new Set(cycles.filter((r) => r.order === order).map((r) => r.config))) {
      const worst = (device, wide) => {
        const rows = cycles.filter(
          (r) =>
            r.order === order && r.config === config && r.device === device && (r.format === 'fp32') === wide,
        );
        return rows.length ? round(Math.max(...rows.map((r) => Number(r.cycles_per_block))), 2) : '-';
      };
      for (const device of sides) {
        const most = (column) =>
          String(
            Math.max(
              ...cycles
                .filter((r) => r.order === order && r.config === config && r.device === device)
                .map((r) => Number(r[column])),
            ),
          );
        say('docs/rtl.md#cycles', [
          order,
          config,
          device,
          `${worst(device, true)} / ${worst(device, false)}`,
          most('bubbles'),
          most('latency'),
        ]);
      }
    }

  // What passes of the compressor's width in order `significance`, at half a block and less.
  const passes = (config, wide) => {
    const rows = cycles.filter(
      (r) =>
        r.order === 'significance' &&
        r.config === config &&
        r.device === 'compressor' &&
        (r.format === 'fp32') === wide,
    );
    return (
      100 * Math.min(...rows.map((r) => (8 * Number(r.bytes_per_cycle)) / Number(r.stream_width)))
    ).toFixed(0);
  };
  say(
    results,
    `at 512 bits (\`fast\`) the rate is ${passes('fast', true)} % with FP32 and ${passes('fast', false)} % with 16-bit formats, and with blocks of 32 values (\`burst\`) ${passes('burst', true)} % and ${passes('burst', false)} %`,
  );
  say(results, `| 100 % / ${passes('fast', true)} and ${passes('fast', false)} % |`);
  const per = (design) => {
    const p = row(readCsv(under('report/data/hardware_peers.csv')), {design});
    return ['bytes_high', 'bytes_low'].map((b) => number(p.kge) / number(p[b]));
  };
  say(
    results,
    `An encoder to MXINT8 takes ${per('MX-for-FPGA, BF16 to MXINT8')[0].toFixed(2)} kGE per byte per cycle in the same library, and one of zfp in hardware ${per(
      'ZHW encoder, FP32, 2-D',
    )
      .map((p) => p.toFixed(0))
      .join(' to ')}`,
  );

  for (const r of readCsv(under('report/data/replay_rtl.csv'))) {
    const more = round(100 * (number(r.cycles_rtl) / number(r.cycles_model) - 1), 1);
    const [rtl, model] = [r.cycles_rtl, r.cycles_model].map((n) => Number(n).toLocaleString('en-US'));
    say(
      'docs/replay.md',
      `| ${r.format} | \`${r.order}\` | ${r.ratio} | ${rtl} | ${model} | ${more > 0 ? '+' : ''}${more} % |`,
    );
  }

  // ---- training
  const ours = 'actplane:order=significance,';
  const again = 'recompute:scope=attention+';
  // Without maps, and with maps as they come back; what has no prefix is the same method in both.
  const lossTables = [
    [readCsv(under('docs/training/quoted.csv')), again],
    [readCsv(under('docs/training/stored.csv')), 'maps:sums=stored+'],
  ];
  const lossOf = (method, [table, prefix]) =>
    table.find((r) => r.method === prefix + method) ?? table.find((r) => r.method === method);
  const change = (r) => `${r.loss_percent > 0 ? '+' : ''}${round(number(r.loss_percent), 1)} %`;
  // Of two seeds the interval is wider than what it is about.
  const between = (r) => {
    const signed = (key) => (number(r[key]) > 0 ? '+' : '') + round(number(r[key]), 1);
    return number(r.seeds) < 3 ? '' : `${signed('loss_percent_low')} to ${signed('loss_percent_high')}`;
  };
  const times = (r) => round(number(r.ratio), 1);
  const twelve = lossOf(`${ours}ratio=12`, lossTables[0]);
  say(results, `| ${change(twelve)} (${between(twelve)}) at ${times(twelve)}; `);
  const labels = new Map([
    ['bf16', 'BF16'],
    [`${ours}ratio=8`, '`ratio=8`'],
    ['nvfp4', 'NVFP4'],
    ['mxfp4', 'MXFP4'],
    ['group:bits=4,rounding=nearest', 'INT4 min/max, to nearest, groups of 256'],
    [`${ours}ratio=8,split=even,ratio.residual=6`, '`ratio=8`, all kinds alike, inputs of norms at 6'],
    [`${ours}ratio=12`, '`ratio=12`'],
    [`${ours}ratio=12,split=even`, '`ratio=12`, all kinds alike'],
    [`recompute:scope=block+${ours}ratio=4`, '`recompute:scope=block`, its inputs at 4'],
  ]);
  for (const [method, label] of labels) {
    const cells = lossTables.map((table) => {
      const r = lossOf(method, table);
      return r ? `${times(r)} | ${change(r)} | ${between(r)}` : ' |  | ';
    });
    say(results, `| ${label} | ${cells.join(' | ')} |`);
  }
  for (const v of readCsv(under('docs/training/quoted-verdict.csv'))) {
    const label = labels.get(v.method.replace(again, ''));
    const range = [v.from, v.to].map((n) => round(number(n), 1)).join(' to ');
    say(results, `| ${range} | ${label} | ${v.verdict} | ${v.against_least || 'is the least'} |`);
  }
  // Errors of the gradient, in percent; beyond 300 it is not one.
  const gradient = readCsv(under('docs/training/gradient.csv'));
  const percent = (text) => {
    const v = number(text) === null ? Infinity : 100 * number(text);
    return v > 300 ? 'explodes' : `${round(v, v < 1 ? 2 : v < 10 ? 1 : 0)} %`;
  };
  const error = (stash, network, formula) => {
    const r = row(gradient, {network, formula, stash});
    return `${round(number(r.ratio), 1)} | ${percent(r.relative)}`;
  };
  const mixed = 'nvfp4:format.query=mxfp6,format.key=mxfp6,format.gelu_input=mxfp6,format.silu_input=mxfp6';
  for (const [stash, label] of [
    ['bf16', 'BF16'],
    [`${ours}ratio=2`, '`ratio=2`'],
    ['mxint8', 'MXINT8'],
    ['group:bits=8,rounding=nearest', 'INT8 min/max, to nearest, groups of 256'],
    [`${ours}ratio=4.5`, '`ratio=4.5`'],
    ['mxfp6', 'MXFP6'],
    [`${ours}ratio=6`, '`ratio=6`'],
    ['nvfp4', 'NVFP4'],
    [mixed, 'NVFP4; queries, keys, inputs of GELU and SiLU MXFP6'],
    ['mxfp4', 'MXFP4'],
    ['group:bits=4,rounding=nearest', 'INT4 min/max, to nearest, groups of 256'],
    [`${ours}ratio=8`, '`ratio=8`'],
    [`${ours}split=even,ratio=8`, '`ratio=8`, all kinds alike'],
    [`${ours}ratio=12`, '`ratio=12`'],
    [`${ours}split=even,ratio=12`, '`ratio=12`, all kinds alike'],
  ])
    say(
      results,
      `| ${label} | ${error(stash, 'mini', 'maps')} | ${error(stash, 'mini', 'again')} | ${error(stash, 'llama-mini', 'again')} |`,
    );
  for (const [method, label] of [
    ['bf16', 'BF16'],
    [`${ours}ratio=8`, 'this codec, `ratio=8`'],
    ['nvfp4', 'NVFP4'],
    ['mxfp4', 'MXFP4'],
    [`${ours}ratio=12`, 'this codec, `ratio=12`'],
  ]) {
    const r = lossOf(method, lossTables[0]);
    const relative = percent(row(gradient, {network: 'mini', formula: 'again', stash: method}).relative);
    const all = round(number(lossOf('exact', lossTables[0]).total) / number(r.total), 1);
    say('README.md', `| ${label} | ${times(r)} | ${all} | ${relative} | ${change(r)} | ${between(r)} |`);
  }
  for (const r of readCsv(under('docs/training/least.csv')).filter((r) => r.target !== 'mxfp6'))
    say(
      results,
      `| ${r.network === 'mini' ? 'GPT-2' : 'Llama'} | ${r.target.toUpperCase()} | ${round(number(r.target_ratio), 1)} | ${percent(r.target_relative)} | ${round(number(r.ratio), 1)} |`,
    );
  const split = readCsv(under('docs/training/split.csv'));
  for (const kind of new Set(split.map((r) => r.kind))) {
    const found = [
      ['mini', 'maps'],
      ['mini', 'again'],
      ['llama-mini', 'maps'],
      ['llama-mini', 'again'],
    ].map(([network, formula]) =>
      split.find((r) => r.network === network && r.formula === formula && r.kind === kind && number(r.ratio) === 8),
    );
    say(results, `| \`${kind}\` | ${found.map((r) => (r ? percent(r.relative) : '')).join(' | ')} |`);
  }
  const rule = readCsv(under('docs/training/rule.csv'));
  const nats = (at, keep) => Math.max(...rule.filter((r) => number(r.ratio) === at && keep(r.kind)).map((r) => number(r.nats)));
  const residual = (kind) => kind === 'residual';
  say(results, `At 12.8 no kind costs more than ${round(nats(12.8, () => true), 3)} nats`);
  say(results, `inputs of norms cost ${round(nats(25.6, residual), 3)}`);
  // Of runs that are in no table: exact of other lengths, networks and seeds, and the noise of the rule.
  const runs = (folder) => {
    const all = readdirSync(under('train/runs', folder), {withFileTypes: true}).filter((f) => f.isDirectory());
    return all.map((f) => ({
      folder: under('train/runs', folder, f.name),
      ...JSON.parse(readFileSync(under('train/runs', folder, f.name, 'summary.json'), 'utf8')),
    }));
  };
  const run = (folder, stash, seed) =>
    runs(folder).find((r) => r.config.stash === stash && r.config.seed === seed);
  const bits = (folder) => round(run(folder, 'exact', 1).held_out_bits_per_byte, 3);
  // Every seed by itself, against the exact run of that seed; '' where none has ended.
  const bySeed = (folder, stash) => {
    const all = runs(folder).filter((r) => r.config.stash === stash);
    all.sort((a, b) => a.config.seed - b.config.seed);
    return all
      .map((r) => {
        if (r.held_out_loss === null) return `diverges (step ${r.steps + 1})`;
        const more = 100 * (r.held_out_loss / run(folder, 'exact', r.config.seed).held_out_loss - 1);
        return `${more > 0 ? '+' : ''}${round(more, 1)} %`;
      })
      .join(', ');
  };
  const eight = `${ours}ratio=8`;
  for (const [stash, label] of [
    [`${ours}ratio=8`, '`ratio=8`'],
    ['nvfp4', 'NVFP4'],
    ['mxfp4', 'MXFP4'],
    [`${ours}ratio=12`, '`ratio=12`'],
  ]) {
    const ratio = round(number(row(gradient, {network: 'mini', formula: 'again', stash}).ratio), 1);
    say(results, `| ${label} | ${ratio} | ${bySeed('runs-mini', `flash+${stash}`)} |`);
  }
  // Seed 1 alone.
  const first = (stash) => {
    const r = run('runs-mini', stash, 1);
    if (!r) return '';
    const more = 100 * (r.held_out_loss / run('runs-mini', 'exact', 1).held_out_loss - 1);
    return `${round(r.ratio, 1)} | ${more > 0 ? '+' : ''}${round(more, 1)} %`;
  };
  for (const [stash, label] of [
    ['bf16', 'BF16'],
    ['mxint8', 'MXINT8'],
    ['group:bits=8,rounding=nearest', 'INT8 min/max, to nearest, groups of 256'],
    ['mxfp8', 'MXFP8'],
    ['mxfp8:scale=ocp', "MXFP8, the standard's scale"],
    ['mxfp6', 'MXFP6'],
    ['mxfp6:scale=ocp', "MXFP6, the standard's scale"],
    ['nf4', 'NF4'],
    ['nvfp4', 'NVFP4'],
    [eight, '`ratio=8`'],
    ['mxfp4', 'MXFP4'],
    ['mxfp4:scale=ocp', "MXFP4, the standard's scale"],
    ['group:bits=4,rounding=nearest', 'INT4 min/max, to nearest, groups of 256'],
  ])
    for (const cells of [first(again + stash), first(stash)]) if (cells) say(results, `| ${label} | ${cells} |`);
  // One seed each: larger ratios, and the other network.
  const single = (folder, stash, label) => {
    const r = run(folder, again + stash, 1);
    if (r) say(results, `| ${label} | ${round(r.ratio, 1)} | ${bySeed(folder, again + stash)} |`);
  };
  for (const [stash, label] of [
    [`${ours}ratio=16`, '`ratio=16`'],
    [`${ours}ratio=20`, '`ratio=20`'],
    ['group:bits=2,rounding=nearest', 'INT2 min/max, to nearest, groups of 256'],
  ])
    single('runs-mini', stash, label);
  for (const [stash, label] of labels) single('runs-llama-mini', stash, label);
  for (const [stash, label] of [
    ['maps:sums=stored+actplane:order=field,fill=zero,ratio=3.2', 'the paper: `field`, zero fill, 3.2'],
    ['tempo', 'Tempo'],
    ['fewbit:bits=3', 'Few-Bit Backward, 3 bits'],
    ['compact:ratio=4,alpha=0.8333', 'CompAct, 4'],
    ['maps:sums=stored+mesa', 'Mesa'],
    ['maps:sums=stored+gact', 'GACT, 4 bits'],
    ['maps:sums=stored+alam:bits=2', 'ALAM, 2 bits'],
  ]) {
    const r = run('runs-mini', stash, 1);
    if (r) say(results, `| ${label} | ${round(r.ratio, 1)} | ${bySeed('runs-mini', stash)} |`);
  }
  // Mean over the evaluations of the last half of the steps, against those of exact.
  const lastHalf = (folder, stash) => {
    const losses = [stash, 'exact'].map((s) => {
      const r = run(folder, s, 1);
      const rows = readCsv(`${r.folder}/log.csv`).filter((l) => l.held_out_loss && number(l.step) >= r.config.steps / 2);
      return new Map(rows.map((l) => [l.step, number(l.held_out_loss)]));
    });
    const more = [...losses[0]].filter(([step]) => losses[1].has(step)).map(([step, l]) => l / losses[1].get(step) - 1);
    const mean = (100 * more.reduce((a, b) => a + b)) / more.length;
    return `${mean > 0 ? '+' : ''}${round(mean, 1)} %`;
  };
  for (const [folder, stash, label, maps] of [
    ['runs-long-stored', 'exact', 'exact, first processor', ''],
    ['runs-long-stored', 'maps:sums=stored+nvfp4', 'NVFP4', 'as they come back'],
    ['runs-long-stored', `maps:sums=stored+${ours}ratio=8`, '`ratio=8`', 'as they come back'],
    ['runs-long-stored', `maps:sums=stored+${ours}ratio=12`, '`ratio=12`', 'as they come back'],
    ['runs-long', 'exact', 'exact, second processor', ''],
    ['runs-long', `${ours}ratio=8`, '`ratio=8`', 'rows sum to 1'],
    ['runs-long', `${again}${ours}ratio=8`, '`ratio=8`', 'none'],
    ['runs-long', `${again}nvfp4`, 'NVFP4', 'none'],
    ['runs-long', `${again}mxfp4`, 'MXFP4', 'none'],
    ['runs-long', `${again}${ours}ratio=12`, '`ratio=12`', 'none'],
  ]) {
    const r = run(folder, stash, 1);
    const losses = stash === 'exact' ? ' | ' : `${bySeed(folder, stash)} | ${lastHalf(folder, stash)}`;
    say(results, `| ${label} | ${maps} | ${round(r.ratio, 1)} | ${round(r.held_out_bits_per_byte, 3)} | ${losses} |`);
  }
  for (const [stash, label] of [
    ['exact', 'exact'],
    [`${again}bf16`, 'BF16'],
    [`${again}${eight}`, '`ratio=8`'],
    [`${again}nvfp4`, 'NVFP4'],
    [`${again}${ours}ratio=12`, '`ratio=12`'],
  ]) {
    const r = run('runs-large', stash, 1);
    if (!r) continue;
    const losses = stash === 'exact' ? ' | ' : `${bySeed('runs-large', stash)} | ${lastHalf('runs-large', stash)}`;
    say(results, `| ${label} | ${round(r.ratio, 1)} | ${round(r.held_out_bits_per_byte, 3)} | ${losses} |`);
  }
  say('README.md', `of one seed, ${lastHalf('runs-long-stored', `maps:sums=stored+${eight}`)} as maps come back`);
  say('README.md', `, ${lastHalf('runs-long', eight)} when rows are divided`);
  const atTwelve = lastHalf('runs-long', `${again}${ours}ratio=12`);
  say('README.md', `(the default), ${lastHalf('runs-long', again + eight)} without maps; \`ratio=12\` without maps ${atTwelve}, MXFP4 ${lastHalf('runs-long', `${again}mxfp4`)}`);
  say(results, `; ${lastHalf('runs-long', again + eight)} at ${round(run('runs-long', again + eight, 1).ratio, 1)}, mean of the last half, one seed, and ${atTwelve} at ${round(run('runs-long', `${again}${ours}ratio=12`, 1).ratio, 1)} |`);
  say('README.md', `after 20,000 steps at ${bits('runs-long-stored')} or ${bits('runs-long')}`);
  // After 20,000 steps of exact, and where keys have drifted.
  const late = readCsv(under('docs/training/late.csv'));
  for (const [stash, label] of [
    ['bf16', 'BF16'],
    ['mxint8', 'MXINT8'],
    ['nvfp4', 'NVFP4'],
    [`${ours}ratio=8`, '`ratio=8`'],
    [`${ours}ratio=12`, '`ratio=12`'],
  ])
    for (const weights of ['exact', 'drifted']) {
      const cells = ['maps', 'stored', 'again', 'flash'].map((formula) =>
        percent(row(late, {weights, formula, stash}).relative),
      );
      say(results, `| ${label} | ${weights} | ${cells.join(' | ')} |`);
    }
  const other = (stash) =>
    ['maps', 'again'].map((formula) => percent(row(late, {weights: 'seed6', formula, stash}).relative).replace(' %', '')).join(' and ');
  say(results, `\`ratio=8\` has ${other(eight)} %, NVFP4 ${other('nvfp4')}, MXFP4 ${other('mxfp4')}.`);
  const shift = (formula, stash) => number(row(late, {weights: 'exact', formula, stash}).shift);
  const digits = (formula, stash, n) => round(shift(formula, stash), n);
  say(
    results,
    `${digits('stored', 'bf16', 3)} with BF16, ${digits('stored', eight, 2)} with \`ratio=8\`, ${digits('stored', 'nvfp4', 2)} with NVFP4; ` +
      `with the log-sum-exp of forward ${digits('flash', 'bf16', 3)}, ${digits('flash', eight, 2)} and ${digits('flash', 'nvfp4', 2)}`,
  );
  const common = (weights) => Math.round(100 * number(late.find((r) => r.weights === weights).common_part_of_keys));
  say(results, `steps, ${common('exact')} % of whose keys are common to all tokens`);
  say(results, `came back: ${common('drifted')} % of the keys are one common vector`);
  const stages = readCsv(under('docs/training/stages.csv'));
  for (const [stash, label] of [
    ['nvfp4', 'NVFP4'],
    ['mxfp4', 'MXFP4'],
    [`${ours}ratio=4`, '`ratio=4`'],
    [`${ours}split=even,ratio=4`, '`ratio=4`, all kinds alike'],
    [`${ours}ratio=8`, '`ratio=8`'],
    [`${ours}split=even,ratio=8`, '`ratio=8`, all kinds alike'],
  ]) {
    const at = ['maps', 'again'].flatMap((formula) =>
      ['150', '500', '3000'].map((steps) => percent(row(stages, {steps, formula, stash}).relative)),
    );
    say(results, `| ${label} | ${at.join(' | ')} |`);
  }
  say(results, `ends at ${bits('runs-mini')} bits per byte, and after 20,000 steps at ${bits('runs-long-stored')} or ${bits('runs-long')}`);
  say(results, `\`llama-mini\` ends at ${bits('runs-llama-mini')}`);
  const rates = ['2e-3', '4e-3', '6e-3'].map((lr) =>
    JSON.parse(readFileSync(under(`train/runs/sweep/llama-mini-${lr}/summary.json`), 'utf8')).held_out_bits_per_byte.toFixed(3),
  );
  say(results, `| Llama, bits per byte | | ${rates[0]} | **${bits('runs-llama-mini')}** | ${rates[1]} | ${rates[2]} | |`);
  const seeds = runs('runs-mini').filter((r) => r.config.stash === 'exact');
  const ends = seeds.map((r) => r.held_out_bits_per_byte);
  const spread = (digits) => `${round(Math.min(...ends), digits)} to ${round(Math.max(...ends), digits)}`;
  say(results, `${seeds.length} seeds of exact end at ${spread(3)} bits per byte`);
  say('README.md', `Exact ends at ${spread(2)} bits per byte`);
  for (const [stash, label] of [
    ['exact', 'exact'],
    [`${again}bf16`, 'BF16'],
    [`${again}${eight}`, '`ratio=8`'],
    [`${again}nvfp4`, 'NVFP4'],
    [`${again}mxfp4`, 'MXFP4'],
    [`${again}${ours}ratio=12`, '`ratio=12`'],
    [`recompute:scope=block+${ours}ratio=4`, '`recompute:scope=block`, its inputs at 4'],
  ]) {
    const {ratio, ratio_with_masks_and_exact: all, bytes} = run('runs-mini', stash, 1);
    say(results, `| ${label} | ${round(ratio, 1)} | ${round(all, 1)} | ${round(bytes.allocator_peak / 1e6, 1)} MB |`);
  }
  const fine = runs('rule').filter((r) => /=(4|6\.4)(,|$)/.test(r.config.stash));
  const losses = fine.map((r) => r.held_out_loss);
  say(results, `end within ${round(Math.max(...losses) - Math.min(...losses), 3)} nats of each other`);
  const below = runs('rule').map((r) => run('rule', 'exact', 1).held_out_loss - r.held_out_loss);
  say(results, `those at 12.8 down to ${Math.max(...below).toFixed(3)} below exact`);

  const methods = readCsv(under('docs/history/training/methods.csv'));
  say(
    'docs/history/training-2000.md',
    `group quantization at 2 bits still learns, +${round(100 * number(row(methods, {method: 'group:bits=2'}).against), 1)} %`,
  );
  for (const r of readCsv(under('report/data/training_version2.csv'))) say('docs/history/training-2000.md', r.quote);

  // ---- a bare machine, fuzzing, mutants
  const minutes = (s) => (s < 200 ? `${s} s` : `${round(s / 60, 0)} min`);
  for (const b of readCsv(under('report/data/bare.csv'))) {
    const disk = round(Number(b.disk_mb) / 1000, 1);
    say(
      'README.md',
      b.verb.endsWith('after it')
        ? `After it \`make test\` downloads ${b.download_mb} MB, takes ${disk} GB more, and compiles and runs in ${minutes(b.work_s)}`
        : `${b.verb} downloads ${b.download_mb} MB, takes ${disk} GB of disk, and compiles and runs in ${minutes(b.work_s)}`,
    );
    say(book, `| ${Object.values(b).join(' | ')} |`);
  }
  const fuzz = readCsv(under('report/data/fuzz.csv'));
  const commas = (n) => Number(n).toLocaleString('en-US');
  for (const f of fuzz) say(book, `| \`${f.target}\` | ${commas(f.inputs)} | ${commas(f.edges)} |`);
  const trust = readCsv(under('report/data/trust.csv'));
  say(
    'report/data/trust.csv',
    `${round(fuzz.reduce((sum, f) => sum + Number(f.inputs), 0) / 1e6, 1)} million inputs`,
  );
  for (const which of [
    'RTL against the golden model',
    'Functional coverage',
    'Random faults in the RTL, tried',
    'Second decoder',
  ])
    say(results, trust.find((r) => r.what.startsWith(which)).quote);

  // ---- trust: each row quotes what its document says
  for (const r of trust) say(r.source, r.quote);
  return list;
}

// The rows of a table of cycles in rtl.md: order -> configuration -> device -> cycles, bubbles, latency.
function cyclesOf(text) {
  const found = {};
  for (const part of text.split('Order `').slice(1)) {
    const order = part.slice(0, part.indexOf('`'));
    if (!['field', 'significance'].includes(order) || found[order]) continue;
    const rows = {};
    for (const row of part.matchAll(
      /\| `(\w+)` \| [^|]*\| ([^|]*) \| ([^|]*) \| (\d+), \d+ \| ([^|]*) \| ([^|]*) \| (\d+), \d+ \|/g,
    ))
      rows[row[1]] ??= {compressor: row.slice(2, 5), decompressor: row.slice(5, 8)}; // the latency of a block alone
    if (Object.keys(rows).length > 0) found[order] = rows; // any other part is prose
  }
  return found;
}

// The faults, one text each; `read` gives the text of a file and can be replaced by a test.
export function differences(read = fileText) {
  const faults = [];
  let count = 0;
  for (const [file, text] of expected()) {
    ++count;
    if (file.endsWith('#cycles')) {
      const [order, config, device, ...wanted] = text;
      const stated = cyclesOf(read('docs/rtl.md'))[order]?.[config]?.[device];
      if (!stated || wanted.some((figure, i) => stated[i].replace(pattern(figure), '') !== ''))
        faults.push(
          `docs/rtl.md: cycles, bubbles, latency of ${config}, ${order}, ${device}: stated ${stated}, in report/data/cycles.csv ${wanted}`,
        );
    } else if (!pattern(text).test(read(file))) faults.push(`${file} does not state: ${text}`);
  }
  return {count, faults};
}

if (process.argv[1] && process.argv[1].endsWith('figures.mjs')) {
  const {count, faults} = differences();
  for (const fault of faults) console.error(fault);
  console.log(`figures    ${count - faults.length} of ${count} stand in their documents`);
  process.exit(faults.length ? 1 : 0);
}
