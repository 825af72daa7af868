# Tortures Tablao: runs all that `make test` has no time for, for a given time.
#
#   tclsh tests/torture/all.tcl ?-seconds N? ?-seed N? ?PATTERN ...?
#
# What is run and what each part proves is said in docs/testing.md; PATTERN
# selects parts by name: oom, 'fuzz-*'. `make torture` builds what they need.
# The seconds are shared out among the parts, which run some at a time. Without
# -seed each run has another one, which it prints. BUILD/torture/NAME.log keeps
# what a part was called with and all that it said. The last line is
# `N passed, N failed`; the exit code 1 if something failed.
#
#   TABLAO_BUILD   where it was built (default build)
#   TABLAO_JOBS    parts at a time (default: the number of cores)

package require Tcl 8.6

source [file join [file dirname [info script]] .. pool.tcl]

set top [file dirname [file dirname [file dirname \
    [file normalize [info script]]]]]
cd $top
set build [file normalize [env_default TABLAO_BUILD build]]
set seconds 300
set seed [expr {[clock seconds] % 1000000}]
set patterns {}
while {[llength $argv]} {
  set argv [lassign $argv word]
  switch -- $word {
    -seconds {set argv [lassign $argv seconds]}
    -seed {set argv [lassign $argv seed]}
    default {lappend patterns $word}
  }
}

# name, share of the time, command, in which %s stands for the seconds and %d
# for a directory of the part's own.
set tclsh [info nameofexecutable]
set faults [file join $build torture faults]
set clients [file join $build torture concurrency]
set library [file join $build tablao]
set fault_args [list -ext $library -sql $library.sql \
    -flamenco [file join $build torture flamenco.db]]
set parts {}
foreach {mode share} {oom 20 io 14 power 8 kill 8 full 5} {
  lappend parts $mode $share [list $faults $mode {*}$fault_args \
      -dir %d -seconds %s -seed $seed]
}
lappend parts calls 8 [list [file join $build torture calls] \
    -ext $library[info sharedlibextension] \
    -flamenco [file join $build torture small.db] -seconds %s]
lappend parts histories 14 [list $tclsh tests/random_histories.tcl -seed $seed \
    -runs 1000000 -length 250 -seconds %s]
# A day takes as long as it takes.
lappend parts day 10 [list $tclsh tests/simulated_day.tcl -seed $seed \
    -modes {ext.fk1.rt1 sql.fk0.rt0}]
lappend parts processes-8 5 [list $clients processes -n 8 -ext $library \
    -dir %d -seconds %s -seed $seed]
lappend parts processes-24 5 [list $clients processes -n 24 -ext $library \
    -dir %d -seconds %s -seed $seed]
lappend parts threads 3 [list $clients threads -n 8 -ext $library \
    -dir %d -seconds %s -seed $seed]
lappend parts threads-tsan 5 [list [file join $build tsan concurrency] \
    threads -n 8 -ext [file join $build tsan tablao] \
    -dir %d -seconds %s -seed $seed]
foreach {target share} {document 4 filter 3 function 4 vtab 4 file 8} {
  lappend parts fuzz-$target $share [list sh tests/fuzz/run.sh $build $target \
      %s $seed]
}

proc start_next {} {
  global queue running output started unit build
  if {![llength $queue]} return
  set queue [lassign $queue name share command]
  set dir [file join $build torture run-$name]
  file delete -force $dir
  file mkdir $dir
  set seconds [expr {max(1, int($share*$unit))}]
  set command [string map [list %s $seconds %d $dir] $command]
  set channel [open "|$command </dev/null 2>@1" r]
  fconfigure $channel -blocking 0 -translation binary
  set output($channel) "$command\n"
  set started($channel) [clock milliseconds]
  set running($channel) $name
  fileevent $channel readable [list collect $channel]
}

# A part that does not count for itself has passed once if it ended well.
proc finish {channel} {
  global running output started passed failed build done
  set name $running($channel)
  fconfigure $channel -blocking 1
  set bad [catch {close $channel} message]
  set p 0
  set f 0
  set all [regexp -all -inline -line {^(\d+) passed, (\d+) failed$} \
      $output($channel)]
  if {[llength $all]} {
    lassign [lrange $all end-1 end] p f
  } elseif {[regexp {random histories: (\d+) operations} \
      $output($channel) -> p]} {
  } elseif {!$bad} {
    set p 1
  }
  if {$bad && $f==0} {
    set f 1
    append output($channel) "\n$name ended badly: $message"
  }
  incr passed $p
  incr failed $f
  puts [format "%-16s %9d checks %7.1f s  %s" $name [expr {$p+$f}] \
      [expr {([clock milliseconds]-$started($channel))/1000.0}] \
      [expr {$f ? "$f FAILED" : "ok"}]]
  set file [file join $build torture $name.log]
  set log [open $file wb]
  puts $log $output($channel)
  close $log
  # A fuzzer is talkative; what it did is in its last lines.
  set lines [lrange [split [string trim $output($channel)] \n] 1 end]
  puts "  [join [lrange $lines end-[expr {$f ? 60 : 4}] end] "\n  "]"
  if {$f} {puts "  the whole of it: $file"}
  flush stdout
  file delete -force [file join $build torture run-$name]
  foreach a {running output started} {unset ${a}($channel)}
  start_next
  if {![array size running]} {set done 1}
}

set queue {}
set sum 0
foreach {name share command} $parts {
  set wanted [expr {![llength $patterns]}]
  foreach pattern $patterns {
    if {[string match $pattern $name]} {set wanted 1}
  }
  if {!$wanted} continue
  lappend queue $name $share $command
  set sum [expr {$sum+$share}]
}
set passed 0
set failed 0
set jobs [env_default TABLAO_JOBS [number_of_cores]]
if {$sum==0} {
  puts "tablao: no such part of the torture: $patterns"
  incr failed
} else {
  puts "seed $seed, $seconds seconds"
  set unit [expr {double($seconds)*$jobs/$sum}]
  for {set i 0} {$i<$jobs} {incr i} {start_next}
  vwait done
}
puts "$passed passed, $failed failed"
exit [expr {$failed>0}]
