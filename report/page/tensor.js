// SPDX-License-Identifier: Apache-2.0
// Which tensor: the samples, or the one that was given, which is in tables of its own.

const own = data.tensor;
const tensorList = () => [
  ...(own
    ? own.distortion.tensors
        .map((name, i) => [`own:${i}`, name === 'all' ? `yours: ${own.name}` : `yours: ${name}`])
        .filter((_, i, l) => l.length !== 2 || i === 0)
    : []),
  ...data.distortion.tensors.map((name, i) => [`data:${i}`, name === 'all' ? 'all 23 samples' : name]),
];
const source = (key) => (key.startsWith('own:') ? own : data);
const indexOf = (key) => Number(key.split(':')[1]);
function seriesOf(key, {format, block, order, group, rows}) {
  return source(key).distortion.series.find(
    (s) =>
      s.format === format &&
      s.block === block &&
      s.order === order &&
      (order === 'field' || (s.group === group && s.rows === rows)),
  );
}
function dbAt(key, wanted, slot) {
  const s = seriesOf(key, wanted),
    i = s ? s.slots.indexOf(slot) : -1;
  return i < 0 ? null : s.db[indexOf(key)][i];
}
