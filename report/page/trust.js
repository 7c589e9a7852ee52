// SPDX-License-Identifier: Apache-2.0
// Panel 5: what was proven how far, with goal, date and command.

const kinds = {
  tests: 'Tests',
  bins: 'Bins and lines reached',
  mutants: 'Mutants',
  proofs: 'Proofs',
  netlists: 'Netlists',
  'four-state': 'Four-state',
  fuzzing: 'Fuzzing',
};
const verdicts = {yes: '\u2713 met', no: '\u2717 missed', partly: '\u25D0 partly'};
function trust() {
  const count = (met) => data.trust.filter((r) => r.met === met).length;
  $('trust-text').textContent =
    `${count('yes')} of ${data.trust.length} goals are met, ${count('partly')} in part, ${count('no')} missed. Each has a command that prints the figure.`;
  const rows = [];
  for (const [key, title] of Object.entries(kinds)) {
    rows.push({group: title});
    for (const r of data.trust.filter((t) => t.kind === key))
      rows.push([
        escape(r.what),
        escape(r.measured),
        escape(r.goal),
        `<span class="${r.met}">${verdicts[r.met]}</span>`,
        `<span style="white-space:nowrap">${r.date}</span>`,
        `<code>${escape(r.command)}</code>`,
      ]);
  }
  table(
    'trust-table',
    [
      ['what', false],
      ['measured', false],
      ['goal', false],
      ['', false],
      ['date', false],
      ['command', false],
    ],
    rows,
  );
  $('runs').innerHTML = data.runs.length
    ? `<h3>Last runs in build/</h3><ul class="fine">${data.runs.map((r) => `<li>${escape(r.name)}: ${escape(r.text)}, ${r.date}</li>`).join('')}</ul>`
    : '<p class="fine">build/ holds no run.</p>';
}
