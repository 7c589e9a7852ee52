// SPDX-License-Identifier: Apache-2.0
// bench.mjs: of the CSV of actplane_bench on standard input the SNR of FP32, which does not depend on the machine.
import {readFileSync} from 'node:fs';
import {formatCsv, parseCsv} from './lib.mjs';

const names = ['data', 'codec', 'bits_per_value', 'snr_db'];
process.stdout.write(
  formatCsv(
    names,
    parseCsv(readFileSync(0, 'utf8'))
      .filter((row) => row.format === 'fp32' && row.snr_db !== '')
      .map((row) => ({...row, snr_db: Number(row.snr_db).toFixed(3)})),
  ),
);
