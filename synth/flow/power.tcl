# SPDX-License-Identifier: Apache-2.0
# OpenSTA: power from the activity of registers and inputs. set_power_activity -pins of OpenSTA 2.0.17 does not work
# (it reads a variable that it never sets), so the command beneath it is called; what is set must be set before the
# first report, later it is not carried through the logic any more.
read_liberty $::env(STA_LIB)
read_verilog $::env(STA_NETLIST)
link_design $::env(STA_TOP)
create_clock -name clock -period $::env(STA_PERIOD) [get_ports clk_i]
proc activity {cell pin toggles duty} {
  foreach object [get_pins $cell/$pin] { ::sta::set_power_pin_activity $object $toggles $duty }
}
proc input {name toggles duty} {
  foreach object [get_ports $name] { ::sta::set_power_input_port_activity $object $toggles $duty }
}
source $::env(STA_ACTIVITY)
report_power
exit
