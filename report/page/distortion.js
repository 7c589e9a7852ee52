// SPDX-License-Identifier: Apache-2.0
// Panel 2: rate and distortion, next to other formats and zfp.

const rd = {tensor: state.tensor};
function distortion() {
  options($('rd-tensor'), tensorList(), rd.tensor);
  const from = source(rd.tensor),
    t = indexOf(rd.tensor),
    format = from === own ? own.format : 'fp32';
  const curve = (wanted) => {
    const s = seriesOf(rd.tensor, {format, block: 128, ...wanted});
    return (s?.slots ?? [])
      .map((slot, i) => ({x: slot / 16, db: s.db[t][i]}))
      .filter((p) => p.db !== null && p.db !== exactly && p.x <= 12)
      .map((p) => ({x: p.x, y: p.db / 10, text: `${brief(p.x)} bits<br>${fixed(p.db / 10, 1)} dB`}));
  };
  const zfp = (dims) =>
    from.zfp
      .filter((z) => z.dims === dims && z.db[t] !== null && z.db[t] !== exactly && z.bits <= 12)
      .map((z) => ({
        x: z.bits,
        y: z.db[t] / 10,
        text: `${brief(z.bits)} bits<br>${fixed(z.db[t] / 10, 1)} dB`,
      }));
  const left = ['mxfp4', 'nf4', 'int4', 'int8'];
  const marks = (names) =>
    from.peers
      .filter((p) => names.includes(p.peer) && p.db[t] !== null && p.db[t] !== exactly)
      .map((p) => ({
        x: p.bits,
        y: p.db[t] / 10,
        title: peerNames[p.peer],
        name: peerNames[p.peer],
        left: left.includes(p.peer),
        text: `${brief(p.bits)} bits<br>${fixed(p.db[t] / 10, 1)} dB`,
      }));
  const list = [
    {
      label: 'significance, groups of 8',
      colour: '--c-significance',
      shape: 'circle',
      size: 3,
      line: true,
      points: curve({order: 'significance', group: 8, rows: 12}),
    },
    {
      label: 'significance, groups of 4',
      colour: '--c-significance',
      line: true,
      dash: true,
      points: curve({order: 'significance', group: 4, rows: format === 'fp32' ? 16 : 12}),
    },
    {
      label: 'field',
      colour: '--c-field',
      shape: 'square',
      size: 3,
      line: true,
      points: curve({order: 'field'}),
    },
    {label: 'zfp, 2-D', colour: '--c-zfp', shape: 'cross', size: 3, line: true, points: zfp(2)},
    {label: 'zfp, 1-D', colour: '--c-zfp', shape: 'cross', size: 3, line: true, dash: true, points: zfp(1)},
    {
      label: 'MX and NVFP4',
      colour: '--c-format',
      shape: 'diamond',
      size: 5,
      points: marks(['mxint8', 'mxfp8', 'mxfp6', 'nvfp4', 'mxfp4']),
    },
    {
      label: 'INT nearest, NF4',
      colour: '--c-peer',
      shape: 'triangle',
      size: 5,
      points: marks(['int8', 'int4', 'int2', 'nf4']),
    },
  ];
  legend('rd-legend', list);
  const ys = list.flatMap((s) => s.points.map((p) => p.y));
  chart('chart-rd', list, {
    x: {label: 'bits per value, metadata counted', range: [1.5, 12.5]},
    y: {
      label: 'SNR, dB',
      range: [
        Math.max(-10, Math.floor(Math.min(0, ...ys) / 5) * 5),
        Math.ceil((Math.max(10, ...ys) + 3) / 10) * 10,
      ],
    },
  });
  const within = (order, bits) => {
    // the largest slot of at most these bits
    const s = seriesOf(rd.tensor, {format, block: 128, order, group: 8, rows: 12});
    const i = s ? s.slots.findLastIndex((slot) => slot / 16 <= bits + 1e-9) : -1;
    return i < 0 ? null : s.db[t][i];
  };
  const bitsText = (bits) => fixed(bits, 2);
  table(
    'rd-table',
    [
      ['peer', false],
      ['bits', true],
      ['dB', true],
      ['significance', true],
      ['ahead by', true],
      ['field', true],
    ],
    [
      ...from.peers.map((p) => [peerNames[p.peer] ?? p.peer, p.bits, p.db[t]]),
      ...from.zfp
        .filter((z) => [4, 6, 10].includes(z.bits))
        .map((z) => [`zfp, ${z.dims}-D`, z.bits, z.db[t]]),
    ].map(([name, bits, db]) => {
      const ours = within('significance', bits),
        paper = within('field', bits);
      const number = (v) => v !== null && v !== exactly;
      const ahead = number(db) && number(ours) ? (ours - db) / 10 : null;
      const text =
        ahead === null
          ? ours === exactly && db !== null
            ? db === exactly
              ? 'even'
              : 'exact'
            : notMeasured
          : signed(ahead, 1);
      return [
        name,
        bitsText(bits),
        decibelCell(db),
        decibelCell(ours),
        ahead !== null && ahead < 0 ? `<span class="no">${text}</span>` : text,
        paper === null ? '<span class="none">no such slot</span>' : decibelCell(paper),
      ];
    }),
  );
}
$('rd-tensor').addEventListener('change', (e) => {
  rd.tensor = e.target.value;
  distortion();
});
