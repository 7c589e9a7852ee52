// SPDX-License-Identifier: Apache-2.0
// actp_mem_region - one region of the table.
//
// Contract combinational. region_o: the one of number index_i.
// Params   Regions 1 .. 16
`default_nettype none

module actp_mem_region #(
  parameter int unsigned Regions = 8,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1
) (
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  input  wire logic [RegW-1:0]                           index_i,  // number of the region
  output actp_mem_pkg::region_t                          region_o  // its fields
);
  localparam int unsigned RegionW = actp_mem_pkg::REGION_W;
  always_comb begin
    region_o = '0;
    for (int unsigned r = 0; r < Regions; r++) begin
      region_o = region_o | (regions_i[r*RegionW +: RegionW] &
                             {RegionW{(index_i == RegW'(r)) | (Regions == 1)}});
    end
  end
endmodule

`default_nettype wire
