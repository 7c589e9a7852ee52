// SPDX-License-Identifier: Apache-2.0
// The picture of area over throughput: gnuplot's SVG, with colours that are variables of the page's style.
import {execFileSync} from 'node:child_process';
import {die} from './lib.mjs';

// Colours that gnuplot is told, and what the page makes of them.
const inks = {
  '#010101': '--ink',
  '#020202': '--grid',
  '#030303': '--c-significance',
  '#040404': '--c-field',
  '#050505': '--c-peer',
  '#060606': '--muted',
  '#070707': '--line',
};

// Text of a mark: left (l), right (r), above (a) or below (b) of it, in the wide and in the narrow picture; no entry, no text.
const places = {
  // ours, by name of the device and direction
  'f128w256 c': ['a', 'field 256 bits'],
  'f128w512d12 c': ['a', 'field 512 bits'],
  's128w256k8 c': ['b', 'significance 256 bits'],
  's128w512k8bf16r c': ['a', 'BF16, 3 searches'],
  's64w256k8 c': ['a', 'N = 64'],
  's128w256k4 c': ['a', 'K = 4'],
  's128w512k8 c': ['r', '512 bits'],
  'default, order significance c': ['a', 'default'],
  's128w512k8bf16 d': ['r', 'BF16'],
};

export function areaOverThroughput(devices, hardware, wide) {
  const gbps = (bytes, ns) => bytes / ns;
  const ours = {significance: {c: [], d: []}, field: {c: [], d: []}};
  const labels = [];
  for (const device of devices)
    for (const [side, letter] of [
      ['compressor', 'c'],
      ['decompressor', 'd'],
    ]) {
      const f = device[side];
      if (!f || f.kge === null || f.ns === null) continue;
      const x = gbps(f.bytes, f.ns);
      ours[device.orders[0]][letter].push([x, f.kge]);
      const place = places[`${device.name} ${letter}`];
      if (place) labels.push([x, f.kge, ...place, device.orders[0] === 'field' ? '#040404' : '#030303']);
    }
  const peers = {c: [], d: []};
  for (const peer of hardware) {
    const x = gbps((peer.low + peer.high) / 2, peer.ns);
    const letter = peer.direction === 'compressor' ? 'c' : 'd';
    peers[letter].push([x, peer.kge]);
    const below = letter === 'd' && !peer.mark.startsWith('EBPC') ? 'b' : letter === 'd' ? 'r' : 'a';
    const at =
      peer.mark === 'MXINT8'
        ? 'b'
        : peer.mark === 'RedMulE-MX' && letter === 'd'
          ? 'a'
          : peer.mark === 'C-Pack'
            ? 'a'
            : peer.mark === 'BDI' && letter === 'c'
              ? 'b'
              : peer.mark === 'BDI'
                ? 'a'
                : peer.mark === 'MXFP6'
                  ? 'a'
                  : peer.mark === 'RedMulE-MX' && letter === 'c'
                    ? 'r'
                    : peer.mark.startsWith('EBPC') && letter === 'c'
                      ? 'l'
                      : below;
    labels.push([x, peer.kge, at, peer.mark, '#050505']);
  }

  const [width, height, font] = wide ? [1060, 560, 15] : [380, 400, 12];
  const data = (name, rows) => `$${name} << END\n${rows.map((r) => r.join(' ')).join('\n')}\nEND\n`;
  const offset = {
    a: 'center offset 0,0.8',
    b: 'center offset 0,-0.8',
    l: 'right offset -1,0',
    r: 'left offset 1,0',
  };
  const lines = [0.1, 1, 10, 100];
  const script = `
set terminal svg size ${width},${height} font "sans-serif,${font}" background "#00ffffff" enhanced
set logscale xy
set xrange [${wide ? '0.4:100' : '0.2:130'}]
set yrange [2:400]
set xlabel "GB/s of uncompressed values" textcolor rgb "#010101" noenhanced
set ylabel "area, kGE" textcolor rgb "#010101" ${wide ? '' : 'offset 1.5,0'}
set tics textcolor rgb "#010101" nomirror
set border 3 linecolor rgb "#060606"
set grid linecolor rgb "#020202" dashtype 1 linewidth 0.7
unset key
${wide ? 'set lmargin 8' : 'set lmargin 6.5\nset rmargin 1.5'}
${lines
  .map((k, i) => {
    const x = k === 0.1 ? 62 : k === 1 ? 5 : k === 10 ? 26 : 2.6;
    const y = x * k;
    return y >= 2 && y <= 400 && wide
      ? `set label ${20 + i} "${k} kGE per GB/s" at ${x},${y} center rotate by ${wide ? 33 : 40} textcolor rgb "#060606" font ",${font - 3}" offset 0,0.7`
      : '';
  })
  .join('\n')}
${labels
  .filter(
    (l) =>
      wide ||
      (l[4] === '#050505' && l[2] !== 'r' && !(l[3] === 'BDI' && l[2] === 'a')) ||
      /default/.test(l[3]),
  )
  .map(
    ([x, y, at, text, colour], i) =>
      `set label ${100 + i} "${text}" at ${x},${y} ${offset[at]} textcolor rgb "${colour}" font ",${font - 2}" noenhanced`,
  )
  .join('\n')}
${data('sc', ours.significance.c)}${data('sd', ours.significance.d)}${data('fc', ours.field.c)}${data('fd', ours.field.d)}${data('pc', peers.c)}${data('pd', peers.d)}
plot ${lines.map((k) => `${k}*x with lines linecolor rgb "#070707" dashtype 2 linewidth 1.5 notitle`).join(', ')}, \\
  $sc with points pointtype 7 pointsize ${wide ? 0.9 : 0.65} linecolor rgb "#030303" notitle, \\
  $sd with points pointtype 6 pointsize ${wide ? 0.9 : 0.65} linewidth 2 linecolor rgb "#030303" notitle, \\
  $fc with points pointtype 5 pointsize ${wide ? 0.8 : 0.55} linecolor rgb "#040404" notitle, \\
  $fd with points pointtype 4 pointsize ${wide ? 0.8 : 0.55} linewidth 2 linecolor rgb "#040404" notitle, \\
  $pc with points pointtype 9 pointsize ${wide ? 1 : 0.7} linecolor rgb "#050505" notitle, \\
  $pd with points pointtype 8 pointsize ${wide ? 1 : 0.7} linewidth 2 linecolor rgb "#050505" notitle
`;
  let svg;
  try {
    svg = execFileSync('gnuplot', ['-'], {input: script, encoding: 'utf8'});
  } catch (error) {
    return die(`gnuplot: ${error.stderr || error.message}`, 1);
  }
  return clean(svg, width, height, wide ? 'wide' : 'narrow');
}

// Without prologue, comments, script and names that two pictures on a page would share.
function clean(svg, width, height, name) {
  let text = svg
    .slice(svg.indexOf('<svg'))
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<title>[\s\S]*?<\/title>|<desc>[\s\S]*?<\/desc>/g, '')
    .replace(/<style[\s\S]*?<\/style>/g, '');
  text = text.replace(
    /<svg[^>]*>/,
    `<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Area over throughput, logarithmic axes; the tables below have the figures">`,
  );
  text = text
    .replace(/<rect x="0" y="0"[^>]*fill="#ffffff"[^>]*\/>/, '')
    .replace(/<(circle|path|use|rect) [^>]*id='gp(Dot|Pt([0-3]|1[0-4]))'[^>]*\/>/g, (m, tag, n) =>
      n === 'Pt3' ? m : '',
    );
  for (const [colour, variable] of Object.entries(inks)) {
    const part = parseInt(colour.slice(1, 3), 16);
    text = text.replaceAll(
      new RegExp(`rgb\\(\\s*${part},\\s*${part},\\s*${part}\\)|${colour}`, 'g'),
      `var(${variable})`,
    );
  }
  // As a style, since not every browser takes a variable in an attribute.
  text = text.replace(/<[a-z]+ [^>]*var\([^>]*>/g, (tag) => {
    const styles = [];
    const rest = tag.replace(
      / (fill|stroke|color)=['"](var\(--[\w-]+\))['"]/g,
      (m, name, value) => (styles.push(`${name}:${value}`), ''),
    );
    return rest.replace(/(\/?>)$/, ` style="${styles.join(';')}"$1`);
  });
  // Only marks that are drawn, and their names apart.
  text = text
    .replace(
      /<(circle|path|rect|use|g)([^>]*?)id='(\w+)'/g,
      (m, tag, rest, id) => `<${tag}${rest}id='${name}-${id}'`,
    )
    .replace(/xlink:href='#(\w+)'/g, (m, id) => `href='#${name}-${id}'`)
    .replace(/url\(#(\w+)\)/g, (m, id) => `url(#${name}-${id})`);
  return text.replace(/>\s+</g, '><').replace(/\n\s*/g, ' ').replace(/ {2,}/g, ' ');
}
