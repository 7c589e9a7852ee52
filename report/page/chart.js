// SPDX-License-Identifier: Apache-2.0
// Charts: uPlot has axes, scales and lines; marks and the text at the pointer are drawn here.
// A series: label, colour (a variable), points [{x, y, text}], line, dash, shape, open. A chart without points says so.

const charts = {};
// Names of marks that stand on one side of marks close together: none on another.
function apart(names, ratio) {
  const gap = 13 * ratio;
  for (const side of [true, false]) {
    const list = names.filter((t) => Boolean(t.left) === side).sort((a, b) => a.py - b.py);
    for (let pass = 0; pass < 20; ++pass)
      list.forEach((a, i) =>
        list.slice(i + 1).forEach((b) => {
          const over = gap - (b.py - a.py);
          if (over > 0.1 && Math.abs(a.px - b.px) < 50 * ratio) {
            a.py -= over / 2;
            b.py += over / 2;
          }
        }),
      );
  }
  return names;
}
function chart(id, series, {x, y, ring, empty}) {
  const box = $(id);
  charts[id]?.destroy();
  delete charts[id];
  box.replaceChildren();
  const drawn = series.filter((s) => s.points.length > 0);
  if (drawn.length === 0) {
    box.innerHTML = `<div class="empty">${empty ?? 'not measured'}</div>`;
    box.dataset.points = 0;
    return;
  }
  const all = drawn.flatMap((s, k) => s.points.map((p) => ({...p, k}))).sort((a, b) => a.x - b.x);
  const columns = [all.map((p) => p.x), ...drawn.map((s, k) => all.map((p) => (p.k === k ? p.y : null)))];
  const ink = inkOf('--ink'),
    grid = inkOf('--grid'),
    font = '12px system-ui, "Liberation Sans", sans-serif';
  const axis = (a, side) => ({
    stroke: ink,
    grid: {stroke: grid, width: 1},
    ticks: {stroke: grid, width: 1, size: 5},
    font,
    label: a.label,
    labelFont: font,
    labelSize: side ? 20 : 22,
    size: side ? 50 : 34,
    values: (u, ticks) => ticks.map((v) => (v === null ? '' : a.text ? a.text(v) : brief(v))),
    ...(a.ticks ? {splits: () => a.ticks, filter: (u, ticks) => ticks} : {}),
  });
  const scale = (a) => ({
    time: false,
    distr: a.log ? 3 : a.asinh ? 4 : 1,
    ...(a.asinh ? {asinh: a.asinh} : {}),
    range: () => a.range,
  });
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;

  const marks = (u) => {
    const c = u.ctx,
      ratio = uPlot.pxRatio;
    c.save();
    c.beginPath();
    c.rect(
      u.bbox.left - 8 * ratio,
      u.bbox.top - 8 * ratio,
      u.bbox.width + 16 * ratio,
      u.bbox.height + 16 * ratio,
    );
    c.clip();
    c.setLineDash([]); // of the line before
    for (const s of drawn) {
      if (!s.shape) continue;
      const colour = inkOf(s.colour);
      for (const p of s.points) {
        c.beginPath();
        shapes[s.shape](c, u.valToPos(p.x, 'x', true), u.valToPos(p.y, 'y', true), (s.size ?? 4.5) * ratio);
        c.strokeStyle = s.open || s.shape === 'cross' ? colour : inkOf('--card');
        c.lineWidth = (s.open || s.shape === 'cross' ? 2 : 1) * ratio;
        c.fillStyle = s.open ? inkOf('--card') : colour;
        if (s.shape !== 'cross') c.fill();
        c.stroke();
      }
    }
    c.font = `${11 * ratio}px system-ui, "Liberation Sans", sans-serif`;
    c.textBaseline = 'middle';
    c.lineJoin = 'round';
    for (const t of apart(
      drawn.flatMap((s) =>
        s.points
          .filter((p) => p.name)
          .map((p) => ({
            ...p,
            colour: inkOf(s.colour),
            px: u.valToPos(p.x, 'x', true),
            py: u.valToPos(p.y, 'y', true) + (p.dy ?? 0) * ratio,
          })),
      ),
      ratio,
    )) {
      c.textAlign = t.left ? 'right' : 'left';
      c.strokeStyle = inkOf('--card');
      c.lineWidth = 3 * ratio;
      c.strokeText(t.name, t.px + (t.left ? -9 : 9) * ratio, t.py);
      c.fillStyle = t.colour;
      c.fillText(t.name, t.px + (t.left ? -9 : 9) * ratio, t.py);
    }
    for (const r of ring ?? []) {
      c.beginPath();
      c.setLineDash([]);
      c.arc(u.valToPos(r.x, 'x', true), u.valToPos(r.y, 'y', true), 9 * ratio, 0, 2 * Math.PI);
      c.strokeStyle = ink;
      c.lineWidth = 2.5 * ratio;
      c.stroke();
    }
    c.restore();
  };
  const point = (u) => {
    const {left, top} = u.cursor;
    let best = null,
      distance = 24 ** 2;
    if (left >= 0)
      for (const s of drawn)
        for (const p of s.points) {
          const d = (u.valToPos(p.x, 'x') - left) ** 2 + (u.valToPos(p.y, 'y') - top) ** 2;
          if (d < distance) [best, distance] = [{s, p}, d];
        }
    tip.hidden = !best;
    if (!best) return;
    tip.innerHTML = `<b>${escape(best.p.title ?? best.s.label)}</b>${best.p.text}`;
    const px = u.valToPos(best.p.x, 'x'),
      py = u.valToPos(best.p.y, 'y'),
      wide = u.over.clientWidth;
    tip.style.left = `${Math.max(0, Math.min(px + 12, wide - tip.offsetWidth))}px`;
    tip.style.top = `${py > tip.offsetHeight + 16 ? py - tip.offsetHeight - 12 : py + 14}px`;
  };
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: box.clientHeight,
      legend: {show: false},
      padding: [10, 14, 0, 0],
      cursor: {drag: {setScale: false, x: false, y: false}, points: {show: false}},
      scales: {x: scale(x), y: scale(y)},
      axes: [axis(x), axis(y, true)],
      series: [
        {},
        ...drawn.map((s) => ({
          label: s.label,
          stroke: inkOf(s.colour),
          width: 2,
          dash: s.dash ? [6, 4] : undefined,
          spanGaps: true,
          points: {show: false},
          ...(s.line ? {} : {paths: () => null}),
        })),
      ],
      hooks: {draw: [marks], setCursor: [point]},
    },
    columns,
    box,
  );
  plot.over.append(tip);
  charts[id] = plot;
  box.dataset.points = all.length;
}
