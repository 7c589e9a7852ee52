// SPDX-License-Identifier: Apache-2.0
// test.mjs: build/report/index.html in headless Chromium, its figures against the committed tables, those against the programs
// that are built, and README.md, docs/results.md and the lab book against both. Pictures of the page stay in build/report. The last line is
// `N passed, N failed, N skipped`, also in build/report/tests.txt.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {pathToFileURL} from 'node:url';
import {openChromium} from './chromium.mjs';
import {differences, expected} from './figures.mjs';
import {exactly, familyOf, gather} from './gather.mjs';
import {faults as readmeFaults} from './readme.mjs';
import {bf16Of, formatCsv, fp16Of, parseCsv, readCsv, under} from './lib.mjs';
import {inFormats, nameOf, peers, sweep, zfp} from './sweep.mjs';

const page = under('build/report/index.html');
const program =
  process.env.ACTPLANE ??
  ['release', 'demo', 'train'].map((preset) => under('build', preset, 'bin/actplane')).find(existsSync);
const counts = {passed: 0, failed: 0, skipped: 0};
async function test(name, body, skip) {
  if (skip) {
    ++counts.skipped;
    console.log(`  skipped  ${name}: ${skip}`);
    return;
  }
  try {
    await body();
    ++counts.passed;
  } catch (error) {
    ++counts.failed;
    console.log(`  FAILED   ${name}\n${String(error.message).replace(/^/gm, '           ')}`);
  }
}

// ---- scripts
await test('CSV: quotes, commas, a line that is too short', () => {
  const rows = [
    {a: 'x, "y"', b: '1'},
    {a: '', b: ''},
  ];
  assert.deepEqual(parseCsv(formatCsv(['a', 'b'], rows)), rows);
  assert.throws(() => parseCsv('a,b\n1\n'), /1 fields of 2/);
});
await test('rounding to 16 bits: ties to even, carries, subnormals', () => {
  for (const [value, bits] of [
    [1, 0x3c00],
    [-0, 0x8000],
    [2049, 0x6800],
    [2051, 0x6802],
    [65504, 0x7bff],
    [2 ** -24, 1],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2],
    [2 ** -14 - 2 ** -26, 0x400],
    [0.99999, 0x3c00],
  ])
    assert.equal(fp16Of(value), bits, `FP16 of ${value}`);
  assert.throws(() => fp16Of(65520), /too large/);
  for (const [value, bits] of [
    [1, 0x3f80],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [-2.5, 0xc020],
    [255.9, 0x4380],
  ])
    assert.equal(bf16Of(value), bits, `BF16 of ${value}`);
});
await test('families of methods', () => {
  for (const [method, family] of [
    ['flash+actplane:order=significance,ratio=8', 'significance'],
    ['tempo:gelu=off+actplane:order=significance,ratio=8', 'with'],
    ['actplane:order=field,ratio=4', 'field'],
    ['flash+mxfp8', 'format'],
    ['recompute:scope=attention+nvfp4', 'format'],
    ['maps:sums=stored+group:bits=4', 'integer'],
    ['group:bits=2', 'integer'],
    ['recompute:scope=block+bf16', 'formula'],
  ])
    assert.equal(familyOf(method), family, method);
});

// ---- documents
await test('README, results and history state what the committed tables hold', () => {
  const {count, faults} = differences();
  assert.ok(count >= 100, `only ${count} figures were looked at`);
  assert.deepEqual(faults, []);
});
// A text whose first match of `wanted` ends in another digit. It must have a match.
function misprint(text, wanted) {
  const found = wanted.exec(text)?.[0];
  assert.ok(found, `nothing like ${wanted}`);
  return text.replace(
    found,
    found.replace(/\d(?=\D*$)/, (digit) => (Number(digit) + 1) % 10),
  );
}
await test('a figure that differs is found, one at a time', () => {
  const files = {};
  const read = (path) =>
    (files[path] ??= readFileSync(under(path), 'utf8').replaceAll('**', '').replace(/\s+/g, ' '));
  for (const [path, wanted] of [
    ['README.md', /\d+\.\d dB less noise/],
    ['README.md', /SNR \d+\.\d dB/],
    ['README.md', /downloads \d+ MB/],
    ['docs/results.md', /compressor \d+\.\d\d kGE/],
    ['docs/results.md', /\| on \| \d+\.\d\d \/ \d+\.\d\d/],
    ['docs/results.md', /the rate is \d+ %/],
    ['docs/results.md', /\d+ of \d+ bins/],
    ['docs/rtl.md', /\| `default` \| 16 \/ 8 \| \d+\.\d\d \/ \d+\.\d\d/],
    ['docs/history/results-v2.md', /Xilinx 7 \| [\d,]+ \/ [\d,]+/],
    ['docs/history/results-v2.md', /\d+ of \d+ bins/],
  ])
    assert.equal(
      differences((p) => (p === path ? misprint(read(p), wanted) : read(p))).faults.length,
      1,
      `${path}, ${wanted}`,
    );
});
await test('table and picture of README are what the committed tables give, and a change of either is found', () => {
  assert.deepEqual(readmeFaults(), []);
  const broken = (path, change) =>
    readmeFaults((p) => {
      const text = readFileSync(under(p), 'utf8');
      return p === path ? change(text) : text;
    }).length;
  for (const wanted of [/\| \d+ \/ \d+ \|/, /clock \d\.\d\d/, /, FP32 \| \d+\.\d/])
    assert.equal(
      broken('README.md', (text) => misprint(text, wanted)),
      1,
      String(wanted),
    );
  assert.equal(
    broken('docs/figures/training.svg', (text) => misprint(text, /cy="\d+\.\d"/)),
    1,
  );
  assert.throws(
    () => broken('README.md', (text) => text.replace('<!-- configurations:end -->', '')),
    /marker lines/,
  );
});
await test('every row of trust has kind, goal, date and command', () => {
  for (const row of readCsv(under('report/data/trust.csv'))) {
    for (const key of ['kind', 'what', 'measured', 'goal', 'command', 'source', 'quote'])
      assert.ok(row[key], `${row.what}: no ${key}`);
    assert.match(row.date, /^20\d\d-\d\d-\d\d$/);
    assert.match(row.met, /^(yes|no|partly)$/);
    const verb = /^make ([a-z-]+)/.exec(row.command)?.[1];
    assert.ok(
      verb && new RegExp(`^${verb}:`, 'm').test(readFileSync(under('Makefile'), 'utf8')),
      `${row.command} is no verb of the Makefile`,
    );
  }
});

// ---- tables against a fresh run
const files = readdirSync(under('tests/data'))
  .filter((f) => f.endsWith('.npy'))
  .sort()
  .map((f) => under('tests/data', f));
const noProgram = program ? '' : 'no actplane in build/ and no ACTPLANE';
await test(
  'distortion.csv is what the command gives, every row',
  () => {
    const {filesOf, done} = inFormats(files);
    try {
      const names = [
        'format',
        'block',
        'order',
        'group',
        'rows',
        'slot_bytes',
        'bits',
        'all',
        ...files.map(nameOf),
      ];
      const fresh = parseCsv(formatCsv(names, sweep(program, filesOf, ['fp32', 'fp16', 'bf16'])));
      const committed = readCsv(under('report/data/distortion.csv'));
      assert.equal(committed.length, fresh.length);
      fresh.forEach((row, i) => assert.deepEqual(committed[i], row));
    } finally {
      done();
    }
  },
  noProgram,
);
await test(
  'peers.csv is what the command gives',
  () => {
    assert.deepEqual(
      readCsv(under('report/data/peers.csv')),
      parseCsv(formatCsv(['peer', 'bits', 'all', ...files.map(nameOf)], peers(program, files))),
    );
  },
  noProgram,
);
await test('zfp.csv is what zfp gives', () => {
  assert.deepEqual(
    readCsv(under('report/data/zfp.csv')),
    parseCsv(formatCsv(['dims', 'bits', 'all', ...files.map(nameOf)], zfp(files))),
  );
});
const simulator = process.env.ACTPLANE_SIM ?? under('build/release/bin/actplane-sim');
await test(
  'cycles.csv is what the simulator counts',
  () => {
    const table = execFileSync(simulator, ['--table', '--json'], {encoding: 'utf8', maxBuffer: 1 << 28});
    const built = new Set(JSON.parse(table).rows.map((row) => row.config));
    const fresh = parseCsv(
      execFileSync(process.execPath, [under('report/cycles.mjs')], {input: table, encoding: 'utf8'}),
    );
    assert.ok(fresh.length > 0);
    assert.deepEqual(
      readCsv(under('report/data/cycles.csv')).filter((row) => built.has(row.config)),
      fresh.filter((row) => readCsv(under('report/data/cycles.csv')).some((r) => r.config === row.config)),
    );
  },
  existsSync(simulator) ? '' : 'no actplane-sim in build/release and no ACTPLANE_SIM',
);

// ---- the page
await test('the page is one file of less than 400 kB that names no other', () => {
  assert.ok(statSync(page).size < 400e3, `${statSync(page).size} bytes`);
  const text = readFileSync(page, 'utf8');
  assert.doesNotMatch(text, /(?:src|href)\s*=\s*["'](?!#|data:)[^"']/, 'it loads something');
  assert.doesNotMatch(text, /@import|url\(\s*["']?http/);
  assert.doesNotMatch(text, /\{\{\w+\}\}/, 'a place in the template is empty');
});

const data = gather();
const browser = await openChromium(process.env.CHROMIUM ?? 'chromium');
try {
  const {evaluate, settle, view, open} = browser;
  const text = (id) => evaluate(`document.getElementById('${id}').textContent`);
  const figure = (key) => text(`figure-${key}`);
  const set = (id, value, event) =>
    evaluate(
      `(() => { const e = document.getElementById('${id}'); e.value = ${JSON.stringify(value)}; e.dispatchEvent(new Event('${event}', {bubbles: true})); })()`,
    );
  const pick = (name, value) =>
    evaluate(`document.querySelector('input[name="${name}"][value="${value}"]').click()`);
  // Pixels of a chart that differ from its background: an empty canvas has none.
  const inked = (id) =>
    evaluate(`(() => {
    const c = document.querySelector('#${id} canvas');
    if (!c) return 0;
    const copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true});
    copy.drawImage(c, 0, 0);
    const d = copy.getImageData(0, 0, c.width, c.height).data;
    let n = 0;
    for (let i = 3; i < d.length; i += 4) n += d[i] > 40;
    return n; })()`);
  const charts = ['chart-choose', 'chart-rd', 'chart-loss', 'chart-gradient'];
  const backgrounds = {};

  for (const [width, dark] of [
    [1200, false],
    [1200, true],
    [400, false],
    [400, true],
  ]) {
    const name = `${width} px, ${dark ? 'dark' : 'light'}`;
    await view(width, dark);
    await open(pathToFileURL(page).href);
    await settle();
    await test(`${name}: every panel is drawn`, async () => {
      assert.equal(await evaluate('document.documentElement.dataset.ready'), 'yes');
      const drawn = data.training.find((t) => t.maps === 'with').rows.filter((r) => r.method !== 'exact' && r.bytes !== null);
      const wanted = {
        'chart-loss': drawn.filter((r) => r.loss !== null).length,
        'chart-gradient': drawn.filter((r) => r.gradient > 0).length,
      };
      for (const id of charts) {
        const points = Number(await evaluate(`document.getElementById('${id}').dataset.points`));
        if (id in wanted) assert.equal(points, wanted[id], id);
        else assert.ok(points > 10, `${id} has few points`);
        assert.ok((await inked(id)) > 1500, `${id} is nearly empty: ${await inked(id)} pixels`);
      }
      assert.equal(
        await evaluate(
          `[...document.querySelectorAll('.picture svg')].filter((s) => s.getBoundingClientRect().width > 200).length`,
        ),
        1,
        'one picture of area',
      );
      for (const [id, rows] of [
        ['rd-table', 9],
        ['goals-table', data.goals.length],
        ['peers-table', data.hardware.length],
        ['training-table', 10],
        ['trust-table', data.trust.length],
      ])
        assert.ok(
          (await evaluate(`document.querySelectorAll('#${id} tbody tr').length`)) >= rows,
          `${id} is short`,
        );
    });
    await test(`${name}: nothing is wider than the window`, async () => {
      assert.equal(await evaluate('document.documentElement.scrollWidth'), width);
    });
    await test(`${name}: text and ground differ enough`, async () => {
      const [ink, muted, card] = await evaluate(
        `['--ink', '--muted', '--card'].map((v) => getComputedStyle(document.documentElement).getPropertyValue(v).trim())`,
      );
      const light = (hex) =>
        [1, 3, 5]
          .map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
          .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const contrast = (a, b) =>
        (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
      assert.ok(
        contrast(ink, card) >= 7 && contrast(muted, card) >= 4.5,
        `${contrast(ink, card)} and ${contrast(muted, card)}`,
      );
      backgrounds[dark] = await evaluate('getComputedStyle(document.body).backgroundColor');
    });
    writeFileSync(under(`build/report/${width}-${dark ? 'dark' : 'light'}.png`), await browser.picture());
  }
  await test('light and dark differ', () => assert.notEqual(backgrounds[true], backgrounds[false]));

  await view(1200, false);
  await open(pathToFileURL(page).href);
  await settle();
  // A figure as the page shows it, from the committed table.
  const committed = readCsv(under('report/data/distortion.csv'));
  const shown = (wanted, tensor = 'all') => {
    const row = committed.find((r) => Object.entries(wanted).every(([k, v]) => r[k] === String(v)));
    return row[tensor] === 'exact'
      ? 'bit for bit'
      : (Math.round(10 * Number(row[tensor]) + 1e-7) / 10).toFixed(1);
  };
  await test('the slider changes the figures, and they are those of the table', async () => {
    const seen = new Set();
    const slots = data.distortion.series.find(
      (s) =>
        s.format === 'fp32' &&
        s.block === 128 &&
        s.order === 'significance' &&
        s.group === 8 &&
        s.rows === 12,
    ).slots;
    assert.equal(await evaluate(`Number(document.getElementById('slot').max)`), slots.length - 1);
    for (const [i, slot] of slots.entries()) {
      await set('slot', i, 'input');
      const [ratio, db, at] = [await figure('ratio'), await figure('db'), await text('slot-text')];
      assert.ok(at.startsWith(`${slot} bytes`), at);
      assert.ok(ratio.includes((512 / slot).toFixed(2)), `${ratio} at ${slot}`);
      assert.ok(
        db.includes(
          `${shown({format: 'fp32', block: 128, order: 'significance', group: 8, rows: 12, slot_bytes: slot})} dB`,
        ),
        `${db} at ${slot}`,
      );
      seen.add(db);
    }
    assert.equal(seen.size, slots.length);
  });
  await test('format, block, order, groups, tensor and device change the figures', async () => {
    await set('slot', 5, 'input');
    for (const [what, change, keys] of [
      ['order', () => pick('order', 'field'), ['db', 'kge', 'ns', 'gbps', 'latency']],
      ['block', () => pick('block', '64'), ['kge', 'ns', 'gbps']],
      ['format', () => pick('format', 'bf16'), ['ratio']],
      ['order back', () => pick('order', 'significance'), ['db']],
      ['block back', () => pick('block', '128'), ['kge']],
      ['tensor', () => set('pick-tensor', 'data:3', 'change'), ['db']],
      ['device', () => set('pick-device', 's128w512k8bf16r', 'change'), ['kge', 'gbps']],
      ['groups', () => set('pick-group', '4/12', 'change'), ['kge', 'db']],
    ]) {
      const before = await Promise.all(keys.map(figure));
      await change();
      const after = await Promise.all(keys.map(figure));
      keys.forEach((key, i) => assert.notEqual(after[i], before[i], `${what} leaves ${key} at ${after[i]}`));
    }
  });
  await test('what was not measured is said so, not made up', async () => {
    await pick('block', '256');
    for (const key of ['kge', 'ns', 'gbps', 'latency']) assert.match(await figure(key), /not measured/);
    assert.match(await text('pick-device'), /none of this shape/);
    if (!data.training.some((t) => t.maps === 'without')) {
      await pick('mix', 'without');
      assert.match(await text('chart-loss'), /not measured/);
      assert.match(await text('training-source'), /not measured/);
      await pick('mix', 'with');
    }
    if (!data.training.some((t) => t.track === 'new'))
      assert.match(await text('training-notice'), /not measured yet.*old track/s);
  });
  await test('every table of training can be shown', async () => {
    for (const one of data.training.filter((t) => t.maps === 'with')) {
      await set('pick-table', one.path, 'change');
      assert.ok(
        (await evaluate(`document.getElementById('chart-gradient').dataset.points`)) >=
          one.rows.filter((r) => r.gradient > 0).length,
      );
    }
  });
  await test('a row that has an interval has its verdict', async () => {
    await pick('mix', 'without');
    const shown = await evaluate(`document.getElementById('training-table').textContent`);
    const rows = data.training.find((t) => t.maps === 'without').rows.filter((r) => r.low !== null && r.method !== 'exact');
    assert.ok(rows.length > 0);
    for (const r of rows) {
      assert.match(r.verdict, /^(costs|gains|no difference shown)/, r.method);
      assert.ok(shown.includes(r.verdict), r.method);
    }
    await pick('mix', 'with');
  });
  await test('every tensor can be shown', async () => {
    for (const name of ['rd-tensor', 'pick-tensor'])
      for (let i = 0; i < data.distortion.tensors.length; ++i) await set(name, `data:${i}`, 'change');
    await set('pick-tensor', 'data:0', 'change');
    assert.doesNotMatch(await text('chart-choose'), /bit for bit/);
    assert.ok(data.distortion.series.some((s) => s.db.some((d) => d.includes(exactly))));
  });
  await test('the table of peers is that of the command', async () => {
    await set('rd-tensor', 'data:0', 'change');
    const rows = await evaluate(
      `[...document.querySelectorAll('#rd-table tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))`,
    );
    for (const [name, peer] of [
      ['MXINT8', 'mxint8'],
      ['MXFP6', 'mxfp6'],
      ['NVFP4', 'nvfp4'],
      ['INT4', 'int4'],
    ]) {
      const row = readCsv(under('report/data/peers.csv')).find((r) => r.peer === peer);
      assert.equal(
        rows.find((r) => r[0] === name)[2],
        (Math.round(10 * Number(row.all) + 1e-7) / 10).toFixed(1),
        name,
      );
    }
  });
  await test('marks have the colour of their series, where their figures are', async () => {
    await view(1200, false);
    await set('pick-table', 'docs/history/training/methods.csv', 'change');
    await set('rd-tensor', 'data:0', 'change');
    await settle();
    // The pixel in the middle of each mark, as [r, g, b]; marks that lie on it may hide it.
    const colours = (id) =>
      evaluate(`(() => {
      const plot = charts['${id}'], copy = new OffscreenCanvas(plot.ctx.canvas.width, plot.ctx.canvas.height).getContext('2d', {willReadFrequently: true});
      copy.drawImage(plot.ctx.canvas, 0, 0);
      const probe = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
      return plot.series.slice(1).map((s, k) => {
        probe.fillStyle = typeof s.stroke === 'function' ? s.stroke(plot, k + 1) : s.stroke;
        probe.fillRect(0, 0, 1, 1);
        const want = [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
        const points = plot.data[k + 1].map((y, i) => [plot.data[0][i], y]).filter((p) => p[1] !== null);
        const hits = points.filter(([x, y]) => {
          const d = copy.getImageData(Math.round(plot.valToPos(x, 'x', true)), Math.round(plot.valToPos(y, 'y', true)), 1, 1).data;
          return want.every((c, j) => Math.abs(c - d[j]) < 30);
        });
        return [s.label, points.length, hits.length];
      }); })()`);
    for (const [id, wanted] of [
      ['chart-rd', ['MX and NVFP4', 'INT nearest, NF4', 'field', 'significance, groups of 8']],
      ['chart-loss', ['integers: group, GACT, ALAM, Mesa', 'BF16, MX, NVFP4, NF4, zfp']],
    ]) {
      const found = await colours(id);
      for (const label of wanted) {
        const [, points, hits] = found.find((f) => f[0] === label);
        assert.ok(points > 0 && hits >= points / 2, `${id}, ${label}: ${hits} of ${points} marks`);
      }
    }
  });
  await test('a mark at the pointer says what it is', async () => {
    const db = Number(readCsv(under('report/data/peers.csv')).find((r) => r.peer === 'mxfp8').all);
    const at =
      await evaluate(`(() => { document.getElementById('distortion').scrollIntoView({behavior: 'instant'});
      const plot = charts['chart-rd'], r = plot.over.getBoundingClientRect();
      return [r.left + plot.valToPos(8.25, 'x'), r.top + plot.valToPos(${db}, 'y')]; })()`);
    await browser.send('Input.dispatchMouseEvent', {type: 'mouseMoved', x: at[0] + 2, y: at[1] + 1});
    await settle();
    assert.match(
      await evaluate(`document.querySelector('#chart-rd .tip').textContent`),
      new RegExp(`MXFP8.*8\\.25 bits.*${db.toFixed(1)} dB`),
    );
  });
  await test('the button goes through the colours', async () => {
    const themes = [];
    for (let i = 0; i < 3; ++i) {
      await evaluate(`document.getElementById('theme').click()`);
      themes.push(await evaluate('document.documentElement.dataset.theme'));
    }
    assert.deepEqual(themes, ['light', 'dark', 'light']);
  });
  await test('the charts follow the width of the window', async () => {
    await view(700, false);
    await settle();
    for (const id of charts)
      assert.equal(
        await evaluate(`Math.round(charts['${id}'].width)`),
        await evaluate(`document.getElementById('${id}').clientWidth`),
        id,
      );
  });
  await test('tables of the new track are shown as such, both mixes', async () => {
    const fresh = under('build/report/fresh.html');
    const built = spawnSync(
      process.execPath,
      [under('report/build.mjs'), '--out', fresh, '--training', 'report/fixture'],
      {encoding: 'utf8'},
    );
    assert.equal(built.status, 0, built.stderr);
    await open(pathToFileURL(fresh).href);
    await settle();
    assert.equal(await text('training-notice'), '');
    assert.match(
      await text('training-source'),
      /report\/fixture\/track\.csv, 6 methods.*An exact gradient has no place/,
    );
    assert.equal(await evaluate(`Number(document.getElementById('chart-loss').dataset.points)`), 5);
    await pick('mix', 'without');
    assert.match(await text('training-source'), /again\.csv, 4 methods.*Failed: group:bits=2/);
    assert.equal(await evaluate(`Number(document.getElementById('chart-gradient').dataset.points)`), 3);
    await pick('mix', 'with');
    await set('pick-table', 'docs/history/training/finetune.csv', 'change');
    assert.match(await text('training-notice'), /Old track/);
    rmSync(fresh);
    browser.requests.splice(
      0,
      browser.requests.length,
      ...browser.requests.filter((url) => url !== pathToFileURL(fresh).href),
    );
  });
  await test(
    'a tensor of the user is on the page, with its own figures',
    async () => {
      const own = under('build/report/tensor.html');
      const show = async (file) => {
        const built = spawnSync(process.execPath, [under('report/build.mjs'), '--out', own, under(file)], {
          encoding: 'utf8',
          env: {...process.env, ACTPLANE: program},
        });
        assert.equal(built.status, 0, built.stderr);
        await open(pathToFileURL(own).href);
        await settle();
      };
      await show('tests/data/dropout/mask.npy'); // of two values
      assert.match(await figure('db'), /bit for bit/);
      assert.match(await text('chart-choose'), /bit for bit/);
      await show('tests/data/gpt2.mlp.in.npy');
      assert.match(
        await evaluate(`document.getElementById('pick-tensor').selectedOptions[0].textContent`),
        /yours: gpt2.mlp.in/,
      );
      const wanted = {format: 'fp32', block: 128, order: 'significance', group: 8, rows: 12, slot_bytes: 64};
      assert.ok((await figure('db')).includes(`${shown(wanted, 'gpt2.mlp.in')} dB`), await figure('db'));
      const cells = () =>
        evaluate(
          `[...document.querySelectorAll('#rd-table tbody tr')].map((r) => [...r.cells].slice(0, 5).map((c) => c.textContent).join(' '))`,
        );
      const mine = await cells();
      await set('rd-tensor', `data:${data.distortion.tensors.indexOf('gpt2.mlp.in')}`, 'change');
      assert.deepEqual(mine, await cells());
      rmSync(own);
      browser.requests.splice(
        0,
        browser.requests.length,
        ...browser.requests.filter((url) => url !== pathToFileURL(own).href),
      );
    },
    noProgram,
  );
  await test(
    'a file that is no tensor is refused with one line',
    () => {
      for (const [path, said] of [
        ['README.md', /neither \.npy nor \.safetensors/],
        ['nope.npy', /no such file/],
      ]) {
        const run = spawnSync(
          process.execPath,
          [under('report/build.mjs'), '--out', under('build/report/tensor.html'), under(path)],
          {encoding: 'utf8', env: {...process.env, ACTPLANE: program}},
        );
        assert.equal(run.status, 3);
        assert.match(run.stderr, said);
        assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
      }
    },
    noProgram,
  );
  await test('the console has no error and no warning', () => assert.deepEqual(browser.complaints, []));
  await test('the network was not asked for anything', () =>
    assert.deepEqual(
      [...new Set(browser.requests)].filter((url) => !url.startsWith('data:')),
      [pathToFileURL(page).href],
    ));
} finally {
  await browser.close();
}
await test('enough figures are looked at', () => assert.ok(new Set(expected().map(String)).size >= 100));

const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
writeFileSync(under('build/report/tests.txt'), line + '\n');
console.log(`report     ${line}`);
process.exit(counts.failed ? 1 : 0);
