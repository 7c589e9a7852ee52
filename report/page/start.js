// SPDX-License-Identifier: Apache-2.0
// The head of the page, colours, and the first drawing of everything.

function glance({met, set}) {
  const at = (order) => dbAt('data:0', {format: 'fp32', block: 128, order, group: 8, rows: 12}, 160);
  const zfp = data.zfp.find((z) => z.dims === 1 && z.bits === 10)?.db[0] ?? null;
  const full = data.devices
    .filter((d) => d.orders[0] === 'significance')
    .map((d) => d.compressor.bytes / d.compressor.ns);
  const soak = data.trust.find((r) => r.command.startsWith('make soak SOAK'));
  const tiles = [
    [
      decibel(at('significance')),
      `kept at 3.2 : 1 in order significance; field ${decibelCell(at('field'))}, zfp 1-D ${decibelCell(zfp)}`,
    ],
    [
      `${fixed(Math.max(...full), 0)} <small>GB/s</small>`,
      `the fastest compressor of order significance; BF16, 512 bits, 3 searches`,
    ],
    [
      soak ? `0 <small>differences</small>` : notMeasured,
      soak ? `RTL against model in ${escape(soak.measured.split(' blocks')[0])} blocks` : '',
    ],
    [`${met} <small>of ${set}</small>`, 'goals of area and clock are met; the others are marked below'],
  ];
  $('glance').innerHTML = tiles.map(([b, s]) => `<div><b>${b}</b><span>${s}</span></div>`).join('');
  $('stamp').textContent = data.commit.id
    ? `Commit ${data.commit.id}, ${data.commit.date}.`
    : 'Made outside a checkout: no commit.';
}

// ---- colours and widths
const themes = ['system', 'light', 'dark'];
let theme = 'system';
const wantsDark = window.matchMedia('(prefers-color-scheme: dark)');
function redraw() {
  figures();
  distortion();
  training();
}
function paint() {
  const dark = theme === 'dark' || (theme === 'system' && wantsDark.matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  $('theme').textContent = `Colours: ${theme}`;
}
$('theme').addEventListener('click', () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  paint();
  redraw();
});
wantsDark.addEventListener('change', () => {
  paint();
  redraw();
});

paint();
choose();
distortion();
glance(area());
training();
trust();
let width = document.body.clientWidth;
new ResizeObserver(() => {
  if (document.body.clientWidth === width) return;
  width = document.body.clientWidth;
  for (const [id, plot] of Object.entries(charts))
    plot.setSize({width: $(id).clientWidth, height: $(id).clientHeight});
}).observe(document.body);
document.documentElement.dataset.ready = 'yes';
