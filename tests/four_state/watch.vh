// SPDX-License-Identifier: Apache-2.0
// What both benches count, and how they look: included in the module.
  // +no_reset: there is none, and unknown outputs must be found.
  wire    no_reset = $test$plusargs("no_reset") != 0;
  integer faults = 0, checked = 0, returned = 0, seed = 1;
  reg     watch = 0;
  task known(input [511:0] value, input [8*12-1:0] name);
    begin
      checked = checked + 1;
      if (^value === 1'bx) begin
        faults = faults + 1;
        if (faults < 10) $display("UNKNOWN %0s at %0t", name, $time);
      end
    end
  endtask
