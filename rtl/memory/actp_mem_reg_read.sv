// SPDX-License-Identifier: Apache-2.0
// actp_mem_reg_read - what the register at an address reads.
//
// Contract combinational. number_o: the region whose fields are wanted at the inputs, whatever the
//          address is. is_counter_o: data_o is count_i, the counter number counter_o. error_o: no
//          register is there; data_o is 0.
// Params   those of the device that CONFIG and CONFIG2 tell; Counters 2 .. 16
`default_nettype none

module actp_mem_reg_read #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  parameter int unsigned ReadBuffers = 4,
  parameter int unsigned Counters    = 14,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned PageW = AddrW - 12,
  localparam int unsigned SizeW = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned LowW  = (SizeW < 32) ? SizeW : 32,
  localparam int unsigned ByteW = $clog2(33 * BlockLen / 8 + 9),
  localparam int unsigned CfgW  = 13 + ByteW
) (
  input  wire logic [11:0]      addr_i,         // of the register
  output logic [RegW-1:0]       number_o,       // a region
  // fields of region number_o
  input  wire logic             enable_i,
  input  wire logic [PageW-1:0] base_i,         // first page
  input  wire logic [LowW-1:0]  size_i,         // less one; what the register has of it
  input  wire logic [PageW-1:0] slot_i,         // page where slot 0 begins
  input  wire logic [CfgW-1:0]  cfg_i,          // as in actp_mem_table
  // registers of the device
  input  wire logic [7:0]       gather_i,       // GATHER
  input  wire logic             busy_i,         // STATUS
  input  wire logic [4:0]       irq_enable_i,   // IRQ_ENABLE
  input  wire logic [4:0]       errors_i,       // ERRORS
  input  wire logic [AddrW-1:0] error_addr_i,   // ERROR_ADDR_LO, _HI
  output logic                  is_counter_o,   // a counter is read
  output logic [3:0]            counter_o,      // which one
  input  wire logic [31:0]      count_i,        // its value
  output logic [31:0]           data_o,         // what is read
  output logic                  error_o         // no register is there
);
  // Registers of a region, by the low bits of their addresses.
  localparam logic [4:0] BaseLoWord = 5'(actp_mem_regs_pkg::ADDR_REGION_BASE_LO);
  localparam logic [4:0] BaseHiWord = 5'(actp_mem_regs_pkg::ADDR_REGION_BASE_HI);
  localparam logic [4:0] SizeWord   = 5'(actp_mem_regs_pkg::ADDR_REGION_SIZE);
  localparam logic [4:0] SlotLoWord = 5'(actp_mem_regs_pkg::ADDR_REGION_SLOT_LO);
  localparam logic [4:0] SlotHiWord = 5'(actp_mem_regs_pkg::ADDR_REGION_SLOT_HI);
  localparam logic [4:0] CfgWord    = 5'(actp_mem_regs_pkg::ADDR_REGION_CONFIG);
  localparam logic [4:0] CtrlWord   = 5'(actp_mem_regs_pkg::ADDR_REGION_CTRL);
  localparam logic [31:0] Version =
      (actp_mem_regs_pkg::VERSION_MAJOR_RESET << actp_mem_regs_pkg::VERSION_MAJOR_LSB) |
      actp_mem_regs_pkg::VERSION_MINOR_RESET;
  localparam logic [31:0] Config  =
      (32'(BlockLen) << actp_mem_regs_pkg::CONFIG_BLOCK_LEN_LSB) |
      (32'(StreamWidth) << actp_mem_regs_pkg::CONFIG_STREAM_WIDTH_LSB) |
      (32'(Formats) << actp_mem_regs_pkg::CONFIG_FORMATS_LSB) |
      (32'(Orders) << actp_mem_regs_pkg::CONFIG_ORDERS_LSB) |
      (32'(Regions) << actp_mem_regs_pkg::CONFIG_REGIONS_LSB);
  localparam logic [31:0] Config2 =
      (32'(AddrW) << actp_mem_regs_pkg::CONFIG2_ADDR_W_LSB) |
      (32'(ReadBuffers) << actp_mem_regs_pkg::CONFIG2_READ_BUFFERS_LSB) |
      (32'(Depth) << actp_mem_regs_pkg::CONFIG2_DEPTH_LSB) |
      (32'(GroupLen) << actp_mem_regs_pkg::CONFIG2_GROUP_LEN_LSB);

  localparam int unsigned AllPageW = actp_mem_pkg::PAGE_W;

  logic                region;
  logic [3:0]          number;
  logic [AllPageW-1:0] base, slot;
  logic [63:0]         error_addr;
  logic [LowW-1:0]     granules;
  assign base         = AllPageW'(base_i);
  assign slot         = AllPageW'(slot_i);
  assign error_addr   = 64'(error_addr_i);
  assign granules     = size_i + LowW'(1);
  assign number       = {addr_i[9], addr_i[7:5]};
  assign number_o     = RegW'(number);
  assign region       = (addr_i[11:10] == 2'd0) & (addr_i[9] ^ addr_i[8]) &
                        ({1'b0, number} < 5'(Regions));
  assign counter_o    = addr_i[5:2];
  assign is_counter_o = (addr_i[11:6] == 6'(actp_mem_regs_pkg::ADDR_WRITE_BLOCKS >> 6)) &
                        (addr_i[1:0] == 2'd0) & ({1'b0, counter_o} < 5'(Counters));

  always_comb begin
    data_o  = '0;
    error_o = 1'b0;
    if (is_counter_o) begin
      data_o = count_i;
    end else if (region) begin
      unique case (addr_i[4:0])
        BaseLoWord: data_o = {base[19:0], 12'd0};
        BaseHiWord: data_o = base[AllPageW-1:20];
        SizeWord:   data_o = 32'(granules);
        SlotLoWord: data_o = {slot[19:0], 12'd0};
        SlotHiWord: data_o = slot[AllPageW-1:20];
        CfgWord:    data_o = {16'(cfg_i[CfgW-1:13]), 3'd0, cfg_i[12:0]};
        CtrlWord:   data_o = 32'(enable_i);
        default:    error_o = 1'b1;
      endcase
    end else begin
      unique case (addr_i)
        actp_mem_regs_pkg::ADDR_ID:            data_o = actp_mem_regs_pkg::ID_ID_RESET;
        actp_mem_regs_pkg::ADDR_VERSION:       data_o = Version;
        actp_mem_regs_pkg::ADDR_CONFIG:        data_o = Config;
        actp_mem_regs_pkg::ADDR_CONFIG2:       data_o = Config2;
        actp_mem_regs_pkg::ADDR_GATHER:        data_o = 32'(gather_i);
        actp_mem_regs_pkg::ADDR_STATUS:        data_o = 32'(busy_i);
        actp_mem_regs_pkg::ADDR_IRQ_ENABLE:    data_o = 32'(irq_enable_i);
        actp_mem_regs_pkg::ADDR_ERRORS:        data_o = 32'(errors_i);
        actp_mem_regs_pkg::ADDR_ERROR_ADDR_LO: data_o = error_addr[31:0];
        actp_mem_regs_pkg::ADDR_ERROR_ADDR_HI: data_o = error_addr[63:32];
        default:                               error_o = 1'b1;
      endcase
    end
  end
endmodule

`default_nettype wire
