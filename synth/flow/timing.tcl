# SPDX-License-Identifier: Apache-2.0
# OpenSTA: what limits the clock. From the environment: STA_LIB, STA_NETLIST, STA_TOP, STA_CLOCK (port, or empty),
# STA_WIRE_LOAD (model, or empty). Prints "REGISTERS all clocked", and for each kind of path "FIGURE kind slack" and the worst.
read_liberty $::env(STA_LIB)
read_verilog $::env(STA_NETLIST)
link_design $::env(STA_TOP)
set period 1000
if {$::env(STA_CLOCK) ne ""} {
  create_clock -name clock -period $period [get_ports $::env(STA_CLOCK)]
} else {
  create_clock -name clock -period $period
}
if {$::env(STA_WIRE_LOAD) ne ""} { set_wire_load_model -name $::env(STA_WIRE_LOAD) }
set inputs {}
foreach port [all_inputs] {
  if {[get_property $port full_name] ne $::env(STA_CLOCK)} { lappend inputs $port }
}
set_input_delay 0 -clock clock $inputs
set_output_delay 0 -clock clock [all_outputs]

# A reset that is taken away is no matter of the clock.
set async [all_registers -async_pins]
if {[llength $async] > 0} { set_false_path -to $async }

proc worst {kind from to} {
  set ends [find_timing_paths -path_delay max -from $from -to $to]
  if {[llength $ends] == 0} return
  puts "FIGURE $kind [get_property [lindex $ends 0] slack]"
  puts "PATH $kind"
  report_checks -path_delay max -from $from -to $to -digits 4
  puts "END $kind"
}
set clocked [all_registers -clock_pins]
set data [all_registers -data_pins]
puts "REGISTERS [llength $clocked] [llength [all_registers -clock clock -clock_pins]]"
if {[llength $clocked] > 0} {
  worst reg_to_reg $clocked $data
  worst in_to_reg $inputs $data
  worst reg_to_out $clocked [all_outputs]
}
worst in_to_out $inputs [all_outputs]
exit
