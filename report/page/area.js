// SPDX-License-Identifier: Apache-2.0
// Panel 3: area and its goals, next to other designs.

function area() {
  let met = 0,
    set = 0;
  const against = (value, goal, digits) => {
    if (value === null || Number.isNaN(value)) return notMeasured;
    if (goal === null) return fixed(value, digits);
    ++set;
    const good = Number(value.toFixed(digits)) <= goal;
    if (good) ++met;
    return good ? `<span class="met">${fixed(value, digits)} \u2713</span>` : fixed(value, digits);
  };
  const both = (g, key, digits, goalOf) =>
    `${against(g.compressor[key], goalOf(g.compressor), digits)} / ${against(g.decompressor[key], goalOf(g.decompressor), digits)}`;
  const rows = data.goals.map((g) => [
    `<code>${g.config}</code>`,
    g.gates,
    both(g, 'per', 2, (side) => side.goal),
    escape(g.goal),
    both(g, 'ns', 2, () => g.ns),
    g.ns === null ? '' : fixed(g.ns, 1),
    `${fixed(g.compressor.kge, 1)} / ${fixed(g.decompressor.kge, 1)}`,
  ]);
  table(
    'goals-table',
    [
      ['configuration', false],
      ['clock gates', false],
      ['kGE per B/cycle', true],
      ['goal', false],
      ['ns', true],
      ['goal', true],
      ['kGE', true],
    ],
    rows,
  );
  legend(
    'area-legend',
    [
      ['significance', '--c-significance', 'circle'],
      ['field', '--c-field', 'square'],
      ['peer', '--c-peer', 'triangle'],
    ].flatMap(([name, colour, shape]) => [
      {label: `${name}, compressor`, colour, shape},
      {label: 'decompressor', colour, shape, open: true},
    ]),
  );
  $('goals-text').innerHTML =
    `Compressor / decompressor, Nangate45. B/cycle: bytes of the stream in a cycle. ${met} of ${set} figures meet their goal, marked \u2713. <code>make synth timing</code>; <code>synth/reports/area.csv</code>, <code>timing.csv</code>, <code>report/data/goals.csv</code>.`;
  const span = (low, high, digits) =>
    low === high ? fixed(low, digits) : `${fixed(low, digits)} to ${fixed(high, digits)}`;
  table(
    'peers-table',
    [
      ['design', false],
      ['block', false],
      ['kGE', true],
      ['B/cycle', true],
      ['kGE per B/cycle', true],
      ['clock, ns', true],
      ['GB/s', true],
      ['repeats here', false],
    ],
    data.hardware.map((p) => [
      escape(p.design),
      escape(p.block),
      fixed(p.kge, 1),
      p.low === p.high ? brief(p.low) : `${brief(p.low)} to ${brief(p.high)}`,
      span(p.kge / p.high, p.kge / p.low, p.kge / p.high < 2 ? 2 : 1),
      fixed(p.ns, 2),
      span(p.low / p.ns, p.high / p.ns, 1),
      p.again === 'yes' ? 'yes' : 'no',
    ]),
  );
  return {met, set};
}
