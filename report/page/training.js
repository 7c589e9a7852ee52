// SPDX-License-Identifier: Apache-2.0
// Panel 4: loss and error of the gradient over bytes.

const families = [
  ['significance', 'significance', '--c-significance', 'circle'],
  ['field', 'field', '--c-field', 'square'],
  ['format', 'BF16, MX, NVFP4, NF4, zfp', '--c-format', 'diamond'],
  ['integer', 'integers: group, GACT, ALAM, Mesa', '--c-integer', 'triangle'],
  ['formula', 'other formulas: Flash, recomputation, Tempo, Few-Bit, CompAct', '--c-formula', 'cross'],
  ['with', 'another method with significance on top', '--c-with', 'down'],
];
const mixNames = {with: 'with attention maps', without: 'without attention maps'};
const fresh = data.training.some((t) => t.track === 'new');
const lesson = {mix: 'with', path: data.training.find((t) => t.maps === 'with')?.path ?? ''};
const short = (method) =>
  method
    .replace('actplane:', '')
    .replaceAll('order=', '')
    .replace('rounding=stochastic', 'rounded')
    .replaceAll('ratio.probability=', 'maps ')
    .replace(/,ratio\.dropped_probability=[\d.]+/, '');

function training() {
  pick('pick-mix', 'mix', Object.entries(mixNames), lesson.mix, (v) => {
    lesson.mix = v;
    lesson.path = data.training.find((t) => t.maps === v)?.path ?? '';
    training();
  });
  const tables = data.training.filter((t) => t.maps === lesson.mix);
  const chosen = tables.find((t) => t.path === lesson.path) ?? tables[0];
  options(
    $('pick-table'),
    tables.length
      ? tables.map((t) => [t.path, `${t.title}${t.track === 'old' ? ' (old track)' : ''}`])
      : [['', 'not measured']],
    chosen?.path ?? '',
  );
  $('pick-table').disabled = tables.length === 0;
  $('training-notice').innerHTML = fresh
    ? chosen?.track === 'old'
      ? '<b>Old track.</b> This network ended above what gzip needs for its text, so its figures say little.'
      : ''
    : '<b>The tables of the new track are not measured yet.</b> Shown is the old track: 2,000 steps, dropout 0.1; open marks are of format version 1. That network ended above what gzip needs for its text, so its figures say little. Without attention maps nothing was measured on it.';
  const every = chosen?.rows ?? [],
    rows = every.filter((r) => r.bytes !== null);
  const best = (r) =>
    `${brief(r.ratio)} times fewer bytes, ${fixed(r.bytes / 1e6, 2)} MB${r.loss === null ? '' : `<br>loss ${signed(r.loss, 2)} %${r.low === null ? '' : ` (${signed(r.low, 2)} to ${signed(r.high, 2)})`}`}${r.gradient === null ? '' : `<br>gradient error ${r.gradient.toPrecision(2)}`}`;
  const kinds = families
    .flatMap(([key, label, colour, shape]) =>
      [false, true].map((old) => ({
        label: old ? `${label}, format version 1` : label,
        colour,
        shape,
        open: old,
        rows: rows.filter((r) => r.family === key && r.method !== 'exact' && Boolean(r.old) === old),
      })),
    )
    .filter((k) => k.rows.length);
  const group = (y) =>
    kinds.map((k) => ({
      ...k,
      size: 4.5,
      points: k.rows
        .filter((r) => y(r) !== null)
        .map((r) => ({
          x: r.bytes / 1e6,
          y: y(r),
          title: short(r.method),
          text: (r.old ? 'format version 1<br>' : '') + best(r),
        })),
    }));
  const loss = group((r) => r.loss),
    gradient = group((r) => (r.gradient > 0 ? Math.max(r.gradient, 1e-7) : null));
  legend('training-legend', kinds);
  const xs = rows.map((r) => r.bytes / 1e6);
  const x = {
    label: 'MB kept for the backward pass of a step',
    log: true,
    range: [Math.min(...xs) * 0.85, Math.max(...xs) * 1.2],
    ticks: [1, 2, 3, 5, 10, 20, 30, 50, 100, 200].filter(
      (v) => v > Math.min(...xs) * 0.85 && v < Math.max(...xs) * 1.2,
    ),
  };
  const top = Math.max(1, ...loss.flatMap((s) => s.points.map((p) => p.y)));
  const bottom = Math.min(-0.1, ...loss.flatMap((s) => s.points.map((p) => p.y)));
  chart('chart-loss', loss, {
    x,
    y: {
      label: 'loss over exact, % (linear near 0)',
      asinh: 0.1,
      range: [bottom * 1.5, top * 1.6],
      ticks: [-10, -1, -0.1, 0, 0.1, 1, 10, 100].filter((v) => v > bottom * 1.5 && v < top * 1.6),
      text: (v) => signed(v, Math.abs(v) < 1 && v !== 0 ? 1 : 0),
    },
  });
  const errors = gradient.flatMap((s) => s.points.map((p) => p.y));
  chart('chart-gradient', gradient, {
    x,
    y: {
      label: '|h \u2212 g| / |g|',
      log: true,
      range: [Math.min(...errors) * 0.5, Math.max(...errors) * 2],
      ticks: [1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10].filter(
        (v) => v > Math.min(...errors) * 0.5 && v < Math.max(...errors) * 2,
      ),
      text: (v) => (v < 0.001 ? v.toExponential(0).replace('e-', 'e\u2212') : String(v)),
    },
  });
  $('training-source').innerHTML = chosen
    ? `<code>${chosen.path}</code>${kinds.some((k) => !k.open && k.label === 'significance') && chosen.track === 'old' ? ', <code>report/data/training_version2.csv</code>' : ''}, ${rows.length} methods, at most ${Math.max(...rows.map((r) => r.seeds))} seeds. Bytes: all that is kept, masks and exact parts counted. Exact keeps ${fixed((rows.find((r) => r.method === 'exact')?.bytes ?? NaN) / 1e6, 1)} MB. ${chosen.track === 'old' ? 'Range: least and largest over seeds.' : 'Range: 95 % interval.'}${rows.some((r) => r.gradient === 0 && r.method !== 'exact') ? ' An exact gradient has no place on the right.' : ''}${
        every.length > rows.length
          ? ` Failed: ${every
              .filter((r) => r.bytes === null)
              .map((r) => `<code>${escape(short(r.method))}</code>`)
              .join(', ')}.`
          : ''
      } <code>make train-study</code>, <code>docs/training.md</code>.`
    : `${mixNames[lesson.mix]}: not measured. <code>make train-study ARGS=again</code> measures it.`;
  table(
    'training-table',
    [
      ['method', false],
      ['ratio', true],
      ['MB', true],
      ['gradient error', true],
      ['bias', true],
      ['loss over exact, %', true],
      ['range', true],
      ['seeds', true],
      ['verdict', false],
    ],
    rows.map((r) => [
      `<code>${escape(short(r.method))}</code>${r.old ? ', format version 1' : ''}`,
      fixed(r.ratio, 2),
      fixed(r.bytes / 1e6, 2),
      r.gradient === null ? notMeasured : r.gradient.toPrecision(2),
      r.bias === null ? notMeasured : r.bias.toPrecision(2),
      r.loss === null ? (r.failure ? 'failed' : r.diverged ? 'diverged' : notMeasured) : signed(r.loss, 2),
      r.low === null ? '' : `${signed(r.low, 2)} to ${signed(r.high, 2)}`,
      r.seeds ?? '',
      escape(r.verdict ?? ''),
    ]),
  );
}
$('pick-table').addEventListener('change', (e) => {
  lesson.path = e.target.value;
  training();
});
