# Runs the test files, each in a process of its own, some at a time.
#
#   tclsh tests/all.tcl ?-dir DIR? ?-modes|-long? ?PATTERN ...?
#
# PATTERN selects files by name without suffix: func, 'trigger_*'. Without one, all
# but those with a line `# tester: long` near their top; with -long, these; with
# -modes, those that run in modes, the only ones that TABLAO_MODES matters to. Prints
# a line per file, the whole output of those that failed, and last
# `N passed, N failed`. A file that crashes, hangs, checks nothing or ends
# without finish_test counts as one failure more.
#
#   TABLAO_JOBS           files at a time (default: one more than there are cores, since
#                         some files mostly wait)
#   TABLAO_TEST_TIMEOUT   seconds that one file may take (default 3600)
#
# A file with a line `# tester: slow N` near its top is started the sooner the
# larger N is, so that none runs alone at the end: about the seconds that it takes.

source [file join [file dirname [info script]] pool.tcl]

proc text_of {path} {
  set channel [open $path r]
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  return $text
}

proc slowness {path} {
  set n 0
  regexp -line {^# tester: slow (\d+)$} [string range [text_of $path] 0 2000] -> n
  return $n
}

proc is_long {path} {
  return [regexp -line {^# tester: long$} [string range [text_of $path] 0 2000]]
}

# Does a file do something in modes, by the words of tester.tcl for that?
proc has_modes {path} {
  return [regexp {\m(foreach_mode|same_rows_in_all_modes|tester::modes|tester::half|foreach_order|guestgen::go)\M} \
      [text_of $path]]
}

proc start_next {} {
  global queue running output started timer timeout
  if {![llength $queue]} return
  set queue [lassign $queue path]
  set channel [open [list |[info nameofexecutable] $path </dev/null 2>@1] r]
  fconfigure $channel -blocking 0 -translation binary
  set output($channel) ""
  set started($channel) [clock milliseconds]
  set timer($channel) [after [expr {$timeout*1000}] [list stop $channel]]
  set running($channel) $path
  fileevent $channel readable [list collect $channel]
}

proc stop {channel} {
  global output timeout
  append output($channel) "\nstopped after $timeout seconds\n"
  # The shell has its own kill; a small system may lack the program.
  catch {exec sh -c "kill -9 [pid $channel]"}
}

# Judges what a file's process has left: the closing line that finish_test
# prints is the one proof that it came to its end.
proc finish {channel} {
  global running output started timer passed failed prefixes done
  set path $running($channel)
  set name [file tail $path]
  after cancel $timer($channel)
  fconfigure $channel -blocking 1
  set crash ""
  if {[catch {close $channel} message options]} {
    set code [dict get $options -errorcode]
    switch -- [lindex $code 0] {
      CHILDSTATUS {set crash "exit code [lindex $code 2]"}
      default {set crash $message}
    }
  }
  set p 0
  set f 0
  set why {}
  if {[regexp -line {^tester: (\S+): (\d+) passed, (\d+) failed$} \
           $output($channel) -> prefix p f]} {
    if {[info exists prefixes($prefix)]} {
      incr f
      lappend why "its testprefix $prefix is that of $prefixes($prefix)"
    } else {
      set prefixes($prefix) $name
    }
    # Exit code 1 is how finish_test reports the failures it has counted.
    if {$crash ne "" && ($f==0 || $crash ne "exit code 1")} {
      incr f
      lappend why "ended badly: $crash"
    }
  } else {
    # Checks that were made before the crash are not known by number.
    incr f
    lappend why "ended without finish_test[expr {$crash ne "" ?
        ": $crash" : ""}]"
  }
  # What runs in half of the modes here must run in all of them with -modes.
  if {[regexp -line {^tester: half of the modes$} $output($channel)]
      && ![has_modes $path]} {
    incr f
    lappend why "runs in modes, which has_modes in all.tcl does not see"
  }
  incr passed $p
  incr failed $f
  puts [format "%-28s %6d checks %8.1f s  %s" $name [expr {$p+$f}] \
      [expr {([clock milliseconds]-$started($channel))/1000.0}] \
      [expr {$f ? "$f FAILED" : "ok"}]]
  if {!$f} {
    # What was not checked is shown; of a file that failed, all is.
    foreach line [regexp -all -inline -line {^[^:]+: skipped: .*$} $output($channel)] {
      puts [encoding convertfrom utf-8 $line]
    }
  }
  if {$f} {
    puts [string trimright [encoding convertfrom utf-8 $output($channel)]]
    foreach reason $why {puts "$name: $reason"}
    puts ""
  }
  flush stdout
  foreach a {running output started timer} {unset ${a}($channel)}
  start_next
  if {![array size running]} {set done 1}
}

set dir [file dirname [file normalize [info script]]]
if {[lindex $argv 0] eq "-dir"} {
  set dir [file normalize [lindex $argv 1]]
  set argv [lrange $argv 2 end]
}
set only ""
if {[lindex $argv 0] in {-modes -long}} {set argv [lassign $argv only]}
# One working directory, whatever the caller's: that of the checkout.
cd [file dirname [file dirname [file normalize [info script]]]]

set found {}
set left {}
foreach path [lsort [glob -nocomplain -directory $dir *.test]] {
  set name [file rootname [file tail $path]]
  set wanted [expr {![llength $argv] && [is_long $path] == ($only eq "-long")}]
  foreach pattern $argv {
    if {[string match [file rootname $pattern] $name]} {set wanted 1}
  }
  if {!$wanted && ![llength $argv] && $only eq ""} {lappend left $name}
  if {!$wanted || ($only eq "-modes" && ![has_modes $path])} continue
  lappend found [list $path [slowness $path]]
}
set queue [lmap pair [lsort -integer -decreasing -index 1 $found] {lindex $pair 0}]
set passed 0
set failed 0
set timeout [env_default TABLAO_TEST_TIMEOUT 3600]
set jobs [env_default TABLAO_JOBS [expr {[number_of_cores]+1}]]
if {![llength $queue]} {
  puts "tablao: no test file matches: $dir $argv"
  incr failed
} else {
  for {set i 0} {$i<$jobs} {incr i} {start_next}
  vwait done
}
if {[llength $left]} {puts "left to make test-long: $left"}
puts "$passed passed, $failed failed"
exit [expr {$failed>0}]
