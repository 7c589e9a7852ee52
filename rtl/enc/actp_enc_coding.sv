// SPDX-License-Identifier: Apache-2.0
// actp_enc_coding - the code of every group at the level that was found.
//
// Format   F-6.3, F-5.3        Model   actplane::ScheduleSignificance
// Contract combinational; w = 0 .. 4
// Params   Groups 4 .. 64
`default_nettype none

module actp_enc_coding #(
  parameter int unsigned Groups = 16
) (
  input  wire logic [5*Groups-1:0] deltas_i,    // d(g)
  input  wire logic [Groups-1:0]   lives_i,     // groups with a row
  input  wire logic [2:0]          width_i,     // w
  input  wire logic                dead_code_i, // the largest code: no row
  output logic [4*Groups-1:0]      codes_o      // of every group
);
  logic [3:0] all, top;
  assign all = {width_i[2], width_i[2] | (&width_i[1:0]), width_i[2] | width_i[1], |width_i};
  assign top = all - {3'd0, dead_code_i & (width_i != '0)};
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    assign codes_o[4*g +: 4] = ~lives_i[g] ? all : (deltas_i[5*g +: 5] > {1'b0, top}) ?
                               top : deltas_i[5*g +: 4];
  end
endmodule

`default_nettype wire
