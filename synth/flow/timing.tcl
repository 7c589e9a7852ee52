# SPDX-License-Identifier: Apache-2.0
# OpenSTA: what limits the clock. From the environment: STA_LIB, STA_NETLIST, STA_TOP, STA_CLOCK (port, or empty),
# STA_WIRE_LOAD (model, or empty). Prints "REGISTERS all clocked", and for each kind of path "FIGURE kind slack" and the worst.
read_liberty $::env(STA_LIB)
read_verilog $::env(STA_NETLIST)
link_design $::env(STA_TOP)
set period 1000
# Latches that are open while the clock is low may wait for their data until it rises: with a clock that is low all the
# time, and no time borrowed, their slack counts from its start.
set latches [all_registers -level_sensitive -data_pins]
set high [expr {[llength $latches] > 0 ? 0.001 : $period / 2.0}]
if {$::env(STA_CLOCK) ne ""} {
  create_clock -name clock -period $period -waveform [list 0 $high] [get_ports $::env(STA_CLOCK)]
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

proc slack {from to} {
  global period
  set ends [find_timing_paths -path_delay max -from $from -to $to]
  if {[llength $ends] == 0} { return "" }
  set slack [get_property [lindex $ends 0] slack]
  return [expr {$slack < 0 ? $slack + $period : $slack}]
}
# `also`: other ends, which have a slack of their own.
proc worst {kind from to {also {}}} {
  set slack [slack $from $to]
  if {[llength $also] > 0} {
    set other [slack $from $also]
    if {$slack eq "" || ($other ne "" && $other < $slack)} { set slack $other; set to $also }
  }
  if {$slack eq ""} return
  puts "FIGURE $kind $slack"
  puts "PATH $kind"
  report_checks -path_delay max -from $from -to $to -digits 4
  puts "END $kind"
}
set clocked [all_registers -clock_pins]
set data [all_registers -edge_triggered -data_pins]
if {[llength $latches] > 0} { set_max_time_borrow 0 [all_clocks] }
puts "REGISTERS [llength $clocked] [llength [all_registers -clock clock -clock_pins]]"
if {[llength $clocked] > 0} {
  worst reg_to_reg $clocked $data $latches
  worst in_to_reg $inputs $data $latches
  worst reg_to_out $clocked [all_outputs]
}
worst in_to_out $inputs [all_outputs]
exit
