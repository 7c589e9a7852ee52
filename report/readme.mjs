// SPDX-License-Identifier: Apache-2.0
// readme.mjs [--update]: what README.md shows of the committed tables, made from them: the table of named configurations
// between <!-- configurations:begin --> and <!-- configurations:end -->, and docs/figures/training.svg. Fails where they
// differ; --update writes them.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {goals} from './gather.mjs';
import {number, readCsv, under} from './lib.mjs';

const directions = ['compressor', 'decompressor'];
const bits = {fp32: 32, fp16: 16, bf16: 16};
const ratio = 3.2; // the paper's

// The lines of a file of configurations: see the head of rtl/configs.txt.
const configurations = (path) =>
  readFileSync(under(path), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))
    .map(([name, block, width, formats, orders, group, depth, fifo, slack, searches]) => ({
      ...{name, block: Number(block), width: Number(width), formats, orders},
      ...{group: Number(group), depth: Number(depth), fifo, slack: slack ?? '', searches: searches ?? ''},
    }));

const one = (rows, what) => {
  if (rows.length !== 1) throw new Error(`${rows.length} rows of ${what}`);
  return rows[0];
};

// Bytes per cycle with activations, in the slowest format and slot size, and the latency of a block alone: of the simulated
// configuration that differs in the kind of queue at most, or of the point of exploration; null where neither was measured.
function rate(config, order, direction) {
  const shape = (c) => [c.block, c.width, c.formats, c.orders, c.group, c.depth, c.slack, c.searches].join();
  const like = configurations('rtl/configs.txt').find((c) => shape(c) === shape(config));
  if (like) {
    const rows = readCsv(under('report/data/cycles.csv')).filter(
      (r) => r.config === like.name && r.device === direction && r.order === order && r.mode !== 'lossless',
    );
    return {
      bytes: Math.min(...rows.map((r) => Number(r.bytes_per_cycle))),
      latency: Math.max(...rows.map((r) => Number(r.latency))),
    };
  }
  const point = readCsv(under('synth/reports/explore.csv')).find(
    (r) =>
      r.direction === direction &&
      r.fifo === config.fifo &&
      shape(config) ===
        [r.block_len, r.stream_width, r.formats, r.orders, r.group_len, r.depth, r.slack, r.searches].join(),
  );
  return point ? {bytes: Number(point.bytes_per_cycle), latency: Number(point.latency_cycles)} : null;
}

// Area and clock over their goals, where there are any. The area of both orders in one device may be 1.3 times the larger of
// the two alone. `default` has the clock of that device for its goal.
function status(config, goal, ns) {
  const all = goals();
  const named = (name) => all.find((g) => g.config === name && g.gates === 'on');
  const areaGoal = (d) =>
    config === 'both32'
      ? 1.3 * Math.max(named('field32')[d].per, named('significance32')[d].per)
      : goal?.[d].goal;
  const clockGoal = (config === 'default' ? named('both32') : goal)?.ns;
  const word = (x) => (x <= 1 ? `${x.toFixed(2)} met` : x.toFixed(2));
  const parts = [];
  if (areaGoal('compressor'))
    parts.push(`area ${directions.map((d) => word(goal[d].per / areaGoal(d))).join(', ')}`);
  if (clockGoal) parts.push(`clock ${word(Math.max(...ns) / clockGoal)}`);
  return parts.join('; ') || 'no goal';
}

export function table() {
  const area = readCsv(under('synth/reports/area.csv'));
  const timing = readCsv(under('synth/reports/timing.csv'));
  const distortion = readCsv(under('report/data/distortion.csv'));
  const all = goals();
  const list = [
    ...configurations('rtl/configs.txt').filter((c) => c.name === 'default'),
    ...configurations('synth/configs.txt').filter((c) => area.some((r) => r.config === c.name)),
  ];
  const lines = [
    '| configuration | order | SNR at | SNR, dB | kGE | ns | GB/s | latency, cycles | over its goal |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  for (const config of list) {
    const gates = config.name === 'default' ? 'off' : 'on';
    const of = (rows, d) =>
      one(
        rows.filter(
          (r) =>
            r.config === config.name &&
            r.top === `actp_${d}` &&
            r.clock_gating === gates &&
            r.library === 'NangateOpenCellLibrary',
        ),
        `${config.name}, ${d}`,
      );
    const kge = directions.map((d) => number(of(area, d).ge_total) / 1000);
    const ns = directions.map((d) => number(of(timing, d).period_ns));
    const goal = all.find((g) => g.config === config.name && g.gates === gates);
    for (const order of config.orders === 'both' ? ['field', 'significance'] : [config.orders]) {
      const rates = directions.map((d) => rate(config, order, d));
      if (rates.includes(null)) continue; // its cycles are in no committed table
      const format = config.formats === 'all' ? 'fp32' : config.formats;
      const slot = (config.block * bits[format]) / 8 / ratio;
      // The limit of rows of the device, or the next one above it that was measured.
      const rows = distortion
        .filter(
          (r) =>
            r.format === format &&
            Number(r.block) === config.block &&
            r.order === order &&
            Number(r.slot_bytes) === slot &&
            (order === 'field' || (Number(r.group) === config.group && Number(r.rows) >= config.depth)),
        )
        .sort((a, b) => Number(a.rows) - Number(b.rows));
      if (rows.length === 0) throw new Error(`no distortion of ${config.name}`);
      lines.push(
        `| ${[
          `\`${config.name}\``,
          `\`${order}\``,
          `${ratio}, ${format.toUpperCase()}`,
          Number(rows[0].all).toFixed(1),
          kge.map((x) => x.toFixed(0)).join(' / '),
          ns.map((x) => x.toFixed(2)).join(' / '),
          rates.map((r, i) => (r.bytes / ns[i]).toFixed(1)).join(' / '),
          rates.map((r) => r.latency).join(' / '),
          status(config.name, goal, ns),
        ].join(' | ')} |`,
      );
    }
  }
  return lines.join('\n');
}

const page = 'README.md';
const marks = ['<!-- configurations:begin -->\n', '\n<!-- configurations:end -->'];
export function withTable(text, made = table()) {
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from < 0 || to < from) throw new Error(`${page} lacks the marker lines of configurations`);
  return text.slice(0, from + marks[0].length) + made + text.slice(to);
}

// ---- the picture: held-out loss against exact over the ratio
const drawing = 'docs/figures/training.svg';
const quoted = 'docs/training/quoted.csv';
export function picture() {
  const rows = readCsv(under(quoted)).filter((r) => r.method !== 'exact' && r.loss_percent);
  const series = [
    ['actplane, order significance', 'ours', /^actplane:order=significance,ratio=[\d.]+(,ratio.residual=12)?$/],
    ['BF16, MXFP4, NVFP4', 'format', /^(bf16|mxfp4|nvfp4)$/],
    ['integers of 4 bits, to nearest, groups of 128', 'integer', /^group/],
    ['recomputed blocks, inputs by actplane at 4', 'formula', /^recompute/],
  ].map(([name, mark, which]) => ({
    name,
    mark,
    points: rows
      .filter((r) => which.test(r.method))
      .map((r) => ({
        ratio: Number(r.ratio),
        mean: Number(r.loss_percent),
        low: Number(r.seeds < 3 ? r.loss_percent : r.loss_percent_low), // of two it says nothing
        high: Number(r.seeds < 3 ? r.loss_percent : r.loss_percent_high),
      })),
  }));
  const all = series.flatMap((one) => one.points);
  const least = Math.floor(Math.min(0, ...all.map((p) => p.low)));
  const most = Math.ceil(Math.max(...all.map((p) => p.high)));
  const bars = rows.some((r) => r.seeds > 2) ? 'bars: 95 % interval of three seeds or more' : 'one seed';
  const [left, right, top, bottom] = [54, 636, 16, 236];
  const octaves = Math.ceil(Math.log2(Math.max(...all.map((p) => p.ratio))));
  const x = (r) => left + ((right - left) * Math.log2(r)) / octaves;
  const y = (percent) => bottom - ((bottom - top) * (percent - least)) / (most - least);
  const at = (v) => v.toFixed(1);
  const out = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 330" width="660" height="330" role="img">',
    '<title>Held-out loss against exact training over the ratio of kept activations</title>',
    '<!-- Made by report/readme.mjs from docs/training/quoted.csv. -->',
    '<style>',
    'text { font: 12px sans-serif; fill: #24292f } .grid { stroke: #d0d7de } .axis { stroke: #57606a }',
    '.ours { stroke: #0550ae; fill: #0550ae }',
    '.integer { stroke: #bc4c00; fill: #bc4c00 }',
    '.format { stroke: #1a7f37; fill: #1a7f37 } .formula { stroke: #8250df; fill: #8250df }',
    '@media (prefers-color-scheme: dark) {',
    'text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8d96a0 }',
    '.ours { stroke: #79c0ff; fill: #79c0ff }',
    '.integer { stroke: #ffa657; fill: #ffa657 }',
    '.format { stroke: #7ee787; fill: #7ee787 } .formula { stroke: #d2a8ff; fill: #d2a8ff } }',
    '</style>',
  ];
  const step = Math.max(1, Math.ceil((most - least) / 6));
  for (let percent = -step * Math.floor(-least / step); percent <= most; percent += step)
    out.push(
      `<path class="${percent ? 'grid' : 'axis'}" d="M${left} ${at(y(percent))}H${right}"/>`,
      `<text x="${left - 8}" y="${at(y(percent) + 4)}" text-anchor="end">${percent} %</text>`,
    );
  for (let r = 1; r <= 2 ** octaves; r *= 2)
    out.push(
      `<path class="grid" d="M${at(x(r))} ${top}V${bottom}"/>`,
      `<text x="${at(x(r))}" y="${bottom + 18}" text-anchor="middle">${r}</text>`,
    );
  out.push(
    `<text x="${(left + right) / 2}" y="${bottom + 36}" text-anchor="middle">times fewer bytes of kept activations than FP32; ${bars}</text>`,
    `<text x="${left + 4}" y="${top - 5}">loss on held-out text, above that of exact training</text>`,
  );
  series.forEach(({name, mark, points}, i) => {
    const [column, line] = [left + 300 * (i % 2), bottom + 62 + 20 * Math.floor(i / 2)];
    out.push(
      `<circle class="${mark}" cx="${column + 12}" cy="${line - 4}" r="4"/>`,
      `<text x="${column + 24}" y="${line}">${name}</text>`,
    );
    for (const p of points) {
      out.push(
        `<path class="${mark}" d="M${at(x(p.ratio))} ${at(y(p.low))}V${at(y(p.high))}" stroke-width="2"/>`,
        `<circle class="${mark}" cx="${at(x(p.ratio))}" cy="${at(y(p.mean))}" r="4"/>`,
      );
    }
  });
  return out.join('\n') + '\n</svg>\n';
}

export function faults(read = (path) => readFileSync(under(path), 'utf8')) {
  const found = [];
  if (withTable(read(page)) !== read(page))
    found.push(`the table of ${page} is not what the committed tables give`);
  if (!existsSync(under(drawing)) || read(drawing) !== picture())
    found.push(`${drawing} is not what the committed tables give`);
  return found.map((fault) => `${fault}; run: make report-update`);
}

if (process.argv[1] && process.argv[1].endsWith('readme.mjs')) {
  if (process.argv[2] === '--update') {
    writeFileSync(under(page), withTable(readFileSync(under(page), 'utf8')));
    writeFileSync(under(drawing), picture());
  }
  const found = faults();
  for (const fault of found) console.error(fault);
  process.exit(found.length ? 1 : 0);
}
