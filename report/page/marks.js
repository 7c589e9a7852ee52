// SPDX-License-Identifier: Apache-2.0
// Marks: a shape and a colour each, so that either is enough.

const shapes = {
  circle: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  square: (c, x, y, r) => c.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r),
  triangle: (c, x, y, r) => {
    c.moveTo(x, y - 1.2 * r);
    c.lineTo(x + 1.1 * r, y + 0.8 * r);
    c.lineTo(x - 1.1 * r, y + 0.8 * r);
    c.closePath();
  },
  down: (c, x, y, r) => {
    c.moveTo(x, y + 1.2 * r);
    c.lineTo(x + 1.1 * r, y - 0.8 * r);
    c.lineTo(x - 1.1 * r, y - 0.8 * r);
    c.closePath();
  },
  diamond: (c, x, y, r) => {
    c.moveTo(x, y - 1.3 * r);
    c.lineTo(x + 1.3 * r, y);
    c.lineTo(x, y + 1.3 * r);
    c.lineTo(x - 1.3 * r, y);
    c.closePath();
  },
  cross: (c, x, y, r) => {
    c.moveTo(x - r, y - r);
    c.lineTo(x + r, y + r);
    c.moveTo(x + r, y - r);
    c.lineTo(x - r, y + r);
  },
};
const svgShapes = {
  circle: '<circle cx="12" cy="7" r="4.5"/>',
  square: '<rect x="8" y="3" width="8" height="8"/>',
  triangle: '<path d="M12 1.5l5 9h-10z"/>',
  down: '<path d="M12 12.5l5-9h-10z"/>',
  diamond: '<path d="M12 1l6 6-6 6-6-6z"/>',
  cross: '<path d="M8 3l8 8M16 3l-8 8"/>',
};
function legend(id, list) {
  $(id).innerHTML = list
    .map((s) => {
      const colour = `var(${s.colour})`;
      const fill =
        s.open || s.shape === 'cross'
          ? `fill="var(--card)" stroke="${colour}" stroke-width="2"`
          : `fill="${colour}"`;
      const line = s.line
        ? `<path d="M0 7h24" stroke="${colour}" stroke-width="2"${s.dash ? ' stroke-dasharray="5 3"' : ''}/>`
        : '';
      return `<span><svg viewBox="0 0 24 14" aria-hidden="true">${line}<g ${s.shape ? fill : ''}>${s.shape ? svgShapes[s.shape] : ''}</g></svg>${escape(s.label)}</span>`;
    })
    .join('');
}
const inkOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
