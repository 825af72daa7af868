# Writes the statements of a simulated day that change something, in order, as
# a JSON array of strings: values in place, every uuid given, and those that pin
# the clock among them. For engines that replicate statements or rows.
#
#   TABLAO_BUILD=build tclsh tests/engines/record_day.tcl OUT HOURS WORKERS JOBS

set env(TZ) UTC0
lassign $argv out hours workers jobs
set argv {}
set tests [file dirname [file dirname [file normalize [info script]]]]
source [file join $tests tester.tcl]
source [file join $tests simulated_day.tcl]

# A trace would tell of each statement in each trigger, too, and be slow. So
# the command `db` notes what it is given before it hands it on.
set statements {}
proc note {sql} {
  foreach one [tester::statements $sql] {
    if {![regexp -nocase {^\s*(INSERT|UPDATE|DELETE)\y} $one]} continue
    set text ""
    set from 0
    foreach pair [regexp -all -inline -indices {\$\w+} $one] {
      lassign $pair first last
      set value [uplevel 2 [list set [string range $one $first+1 $last]]]
      if {![string is wideinteger -strict $value]} {
        set value '[string map {' ''} $value]'
      }
      append text [string range $one $from $first-1] $value
      set from [expr {$last+1}]
    }
    append text [string range $one $from end]
    lappend ::statements [string trim $text " \t\n;"]
  }
}

open_farm -ext 0 -fk 1
rename db farm
proc db {method args} {
  if {$method eq "eval"} {note [lindex $args 0]}
  tailcall farm $method {*}$args
}
set wrong [day::live 2 $hours $workers $jobs]
if {$wrong ne ""} {puts stderr $wrong}
set lines [lmap sql $statements {db one {SELECT json_quote($sql)}}]
set channel [open $out w]
fconfigure $channel -encoding utf-8
puts $channel "\[\n[join $lines ,\n]\n\]"
close $channel
farm close
tester::remove_tmp
exit [expr {$wrong ne ""}]
