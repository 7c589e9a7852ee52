// SPDX-License-Identifier: Apache-2.0
// slang.mjs OUT.v TOP "NAME=VALUE ..." FILE...: see slang.sh. Yosys sees the files side by side in a folder of its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { runYosys } from '@yowasp/yosys';

const [out, top, settings, ...files] = process.argv.slice(2);
const folder = Object.fromEntries(files.map((file) => [basename(file), readFileSync(file)]));
const sources = Object.keys(folder).filter((name) => !name.endsWith('.svh'));
const parameters = settings.split(' ').filter((word) => word).map((word) => `-G ${word}`);
const script = [
  // A shift by all bits of a word is 0, and meant: parameters make it one.
  `read_slang --threads 1 --ignore-assertions -Wno-shift-count-overflow -D SYNTHESIS --top ${[top, ...parameters, ...sources].join(' ')}`,
  `hierarchy -check -top ${top}`, 'proc', 'bwmuxmap', 'opt -purge', 'memory -nomap', 'memory_map', 'opt -purge',
  'write_verilog -noattr -noparallelcase out.v',
].join('; ');
const result = await runYosys(['-p', script], folder, { printLine: (line) => console.log(line) });
writeFileSync(out, result['out.v']);
