// SPDX-License-Identifier: Apache-2.0
// actp_mem_reg_write - may this be written, and where?
//
// Contract combinational. number_o: the region that is meant, whose enable is wanted at the input.
//          bad_o: refused; else one of the others is high.
// Params   BlockLen 32 .. 256; AddrW 32 .. 64; Regions 1 .. 16
`default_nettype none

module actp_mem_reg_write #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned AddrW    = 40,
  parameter int unsigned Regions  = 8,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1
) (
  input  wire logic [11:0] addr_i,        // of the register
  input  wire logic [31:0] data_i,        // what is written
  input  wire logic [3:0]  strb_i,        // all ones, or refused
  output logic [RegW-1:0]  number_o,      // the region of the address
  input  wire logic        enable_i,      // that region is on
  output logic             gather_o,      // GATHER is written
  output logic             irq_enable_o,  // IRQ_ENABLE
  output logic             errors_o,      // ERRORS
  output logic [4:0]       table_o,       // as write_i of actp_mem_table
  output logic             size_o,        // REGION_SIZE
  output logic             ctrl_o,        // REGION_CTRL
  output logic             bad_o          // refused: nothing is written
);
  localparam int unsigned SizeW = AddrW - actp_mem_pkg::GRANULE_W;
  localparam int unsigned ByteW = $clog2(33 * BlockLen / 8 + 9);

  // Registers of a region, by the low bits of their addresses.
  localparam logic [4:0] BaseLoWord = 5'(actp_mem_regs_pkg::ADDR_REGION_BASE_LO);
  localparam logic [4:0] BaseHiWord = 5'(actp_mem_regs_pkg::ADDR_REGION_BASE_HI);
  localparam logic [4:0] SizeWord   = 5'(actp_mem_regs_pkg::ADDR_REGION_SIZE);
  localparam logic [4:0] SlotLoWord = 5'(actp_mem_regs_pkg::ADDR_REGION_SLOT_LO);
  localparam logic [4:0] SlotHiWord = 5'(actp_mem_regs_pkg::ADDR_REGION_SLOT_HI);
  localparam logic [4:0] CfgWord    = 5'(actp_mem_regs_pkg::ADDR_REGION_CONFIG);
  localparam logic [4:0] CtrlWord   = 5'(actp_mem_regs_pkg::ADDR_REGION_CTRL);

  // Bits that registers have.
  localparam logic [31:0] LowBits  = 32'hffff_f000;
  localparam logic [31:0] HighBits = 32'((64'd1 << (AddrW - 32)) - 64'd1);
  localparam logic [31:0] SizeBits = 32'((64'd1 << ((SizeW < 32) ? SizeW : 32)) - 64'd1);
  localparam logic [31:0] CfgBits  = 32'h1fff | (((32'd1 << ByteW) - 32'd1) << 16);

  logic        region;
  logic [3:0]  number;
  logic [6:0]  hit;   // the registers of a region
  logic [31:0] bits;
  assign number   = {addr_i[9], addr_i[7:5]};
  assign number_o = RegW'(number);
  assign region   = (addr_i[11:10] == 2'd0) & (addr_i[9] ^ addr_i[8]) &
                    ({1'b0, number} < 5'(Regions));
  assign hit      = {addr_i[4:0] == CtrlWord, addr_i[4:0] == SizeWord, addr_i[4:0] == CfgWord,
                     addr_i[4:0] == SlotHiWord, addr_i[4:0] == SlotLoWord,
                     addr_i[4:0] == BaseHiWord, addr_i[4:0] == BaseLoWord} & {7{region}};
  assign table_o  = hit[4:0];
  assign size_o   = hit[5];
  assign ctrl_o   = hit[6];

  assign gather_o     = addr_i == actp_mem_regs_pkg::ADDR_GATHER;
  assign irq_enable_o = addr_i == actp_mem_regs_pkg::ADDR_IRQ_ENABLE;
  assign errors_o     = addr_i == actp_mem_regs_pkg::ADDR_ERRORS;

  // Of the register that is meant; none where none is.
  assign bits  = (LowBits & {32{hit[0] | hit[2]}}) | (HighBits & {32{hit[1] | hit[3]}}) |
                 (CfgBits & {32{hit[4]}}) | (SizeBits & {32{hit[5]}}) | 32'(hit[6]) |
                 (32'hff & {32{gather_o}}) | (32'h1f & {32{irq_enable_o | errors_o}});
  assign bad_o = ~((|hit) | gather_o | irq_enable_o | errors_o) | ~(&strb_i) |
                 ((data_i & ~bits) != '0) | (enable_i & (|hit[5:0]));
endmodule

`default_nettype wire
