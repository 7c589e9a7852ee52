// SPDX-License-Identifier: Apache-2.0
// readme.mjs [--update]: what README.md shows of the committed tables, made from them: the table of named configurations
// between <!-- configurations:begin --> and <!-- configurations:end -->, and docs/figures/training.svg. Fails where they
// differ; --update writes them.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {goals, storeOf} from './gather.mjs';
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

// ---- the picture: held-out loss and error of the gradient over the ratio
const drawing = 'docs/figures/training.svg';
const kinds = [
  ['significance, split by the gradient', 'ours', /^actplane:order=significance,ratio=[\d.]+$/],
  ['significance, one ratio for all', 'even', /^actplane:order=significance,(split=even,)?ratio=[\d.]+(,split=even)?(,ratio.residual=6)?$/],
  ['BF16, MX, NVFP4, NF4', 'format', /^(bf16|mx\w+|nvfp4|nf4)$/],
  ['integers, min/max, to nearest', 'integer', /^group.*nearest/],
  ['recomputed blocks, inputs at 4', 'formula', /^recompute/],
];
const styles = [
  ['text { font: 12px sans-serif; fill: ', '#24292f', '#e6edf3', ' }'],
  ['.grid { stroke: ', '#d0d7de', '#30363d', ' }'],
  ['.axis { stroke: ', '#57606a', '#8d96a0', ' }'],
  ['.ours { stroke: ', '#0550ae', '#79c0ff', ' }'],
  ['circle.ours { fill: ', '#0550ae', '#79c0ff', ' }'],
  ['.even { stroke: ', '#0550ae', '#79c0ff', '; fill: none; stroke-width: 1.5 }'],
  ['.format { stroke: ', '#1a7f37', '#7ee787', ' }'],
  ['circle.format { fill: ', '#1a7f37', '#7ee787', ' }'],
  ['.integer { stroke: ', '#bc4c00', '#ffa657', ' }'],
  ['circle.integer { fill: ', '#bc4c00', '#ffa657', ' }'],
  ['.formula { stroke: ', '#8250df', '#d2a8ff', ' }'],
  ['circle.formula { fill: ', '#8250df', '#d2a8ff', ' }'],
];
const [top, bottom] = [30, 250];
const at = (v) => v.toFixed(1);

// Points of {ratio, mean, low, high, mark} between `left` and `right`, ratios to 2^octaves, y of 0 .. 1 by `height`.
function panel(title, [left, right], octaves, ticks, height, points) {
  const x = (r) => left + ((right - left) * Math.log2(r)) / octaves;
  const y = (v) => bottom - (bottom - top) * height(v);
  const out = [`<text x="${left}" y="${top - 12}">${title}</text>`];
  for (const [v, text] of ticks)
    out.push(
      `<path class="${v ? 'grid' : 'axis'}" d="M${left} ${at(y(v))}H${right}"/>`,
      `<text x="${left - 6}" y="${at(y(v) + 4)}" text-anchor="end">${text}</text>`,
    );
  for (let r = 1; r <= 2 ** octaves; r *= 2)
    out.push(
      `<path class="grid" d="M${at(x(r))} ${top}V${bottom}"/>`,
      `<text x="${at(x(r))}" y="${bottom + 18}" text-anchor="middle">${r}</text>`,
    );
  for (const p of points) {
    if (p.high > p.low)
      out.push(`<path class="${p.mark}" d="M${at(x(p.ratio))} ${at(y(p.low))}V${at(y(p.high))}" stroke-width="2"/>`);
    out.push(`<circle class="${p.mark}" cx="${at(x(p.ratio))}" cy="${at(y(p.mean))}" r="4"/>`);
  }
  return out;
}

export function picture() {
  const marked = (rows, name, values) =>
    kinds.flatMap(([, mark, which]) =>
      rows.filter((r) => which.test(storeOf(r[name]))).map((r) => ({mark, ratio: Number(r.ratio), ...values(r)})),
    );
  const losses = marked(
    readCsv(under('docs/training/quoted.csv')).filter((r) => r.loss_percent),
    'method',
    (r) => ({
      mean: Number(r.loss_percent),
      low: Number(r.seeds < 3 ? r.loss_percent : r.loss_percent_low), // of two it says nothing
      high: Number(r.seeds < 3 ? r.loss_percent : r.loss_percent_high),
    }),
  );
  const gradients = marked(
    readCsv(under('docs/training/gradient.csv')).filter((r) => r.network === 'mini' && r.formula === 'again'),
    'stash',
    (r) => ({mean: 100 * Number(r.relative), low: 0, high: 0}),
  );
  const octavesOf = (points) => Math.ceil(Math.log2(Math.max(...points.map((p) => p.ratio))));
  const least = Math.floor(Math.min(0, ...losses.map((p) => p.low)));
  const most = Math.ceil(Math.max(...losses.map((p) => p.high)));
  const step = Math.max(1, Math.ceil((most - least) / 6));
  const percents = [];
  for (let v = -step * Math.floor(-least / step); v <= most; v += step) percents.push([v, `${v} %`]);
  const decades = gradients.map((p) => Math.log10(p.mean));
  const [low, high] = [Math.floor(Math.min(...decades)), Math.ceil(Math.max(...decades))];
  const powers = Array.from({length: high - low + 1}, (_, i) => [10 ** (low + i), `${10 ** (low + i)} %`]);
  const sheet = (dark) => styles.map(([before, light, night, after]) => before + (dark ? night : light) + after);
  const out = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 356" width="760" height="356" role="img">',
    '<title>Held-out loss against exact training, and error of the gradient, over the ratio of kept activations</title>',
    '<!-- Made by report/readme.mjs from docs/training/quoted.csv and gradient.csv. -->',
    '<style>',
    ...sheet(false),
    '@media (prefers-color-scheme: dark) {',
    ...sheet(true),
    '}',
    '</style>',
    ...panel(
      'loss above exact; bars: 95 %',
      [44, 372],
      octavesOf(losses),
      percents,
      (v) => (v - least) / (most - least),
      losses,
    ),
    ...panel(
      'relative error of the gradient',
      [442, 748],
      octavesOf(gradients),
      powers,
      (v) => (Math.log10(v) - low) / (high - low),
      gradients,
    ),
    `<text x="380" y="${bottom + 38}" text-anchor="middle">times fewer bytes of kept activations than FP32</text>`,
  ];
  kinds.forEach(([name, mark], i) => {
    const [column, line] = [20 + 250 * (i % 3), bottom + 66 + 22 * Math.floor(i / 3)];
    out.push(
      `<circle class="${mark}" cx="${column + 6}" cy="${line - 4}" r="4"/>`,
      `<text x="${column + 18}" y="${line}">${name}</text>`,
    );
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
