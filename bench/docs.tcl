# Puts the results of the last `make bench` into the documentation.
#
#   tclsh bench/docs.tcl BUILD/bench docs
#
# What stands between <!-- results --> and <!-- /results --> in
# docs/performance.md is replaced by the table, and the plots are copied.

lassign $argv from to
fconfigure stdout -encoding utf-8

proc read_text {path} {
  if {[catch {open $path} channel]} {
    puts stderr "tablao: bench: $path: cannot be read: run make bench first"
    exit 1
  }
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  return $text
}

set table [read_text [file join $from results.md]]
set path [file join $to performance.md]
set text [read_text $path]
set begin "<!-- results -->\n"
set end "<!-- /results -->"
set i [string first $begin $text]
set k [string first $end $text]
if {$i<0 || $k<$i} {
  puts stderr "tablao: bench: $path: has no place for the results"
  exit 1
}
incr i [string length $begin]
set channel [open $path w]
fconfigure $channel -encoding utf-8 -translation lf
puts -nonewline $channel \
  [string range $text 0 $i-1]$table[string range $text $k end]
close $channel
foreach plot [glob -directory $from *.svg] {
  file copy -force $plot $to
}
