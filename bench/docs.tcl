# Puts the results of the last `make bench` into the documentation.
#
#   tclsh bench/docs.tcl BUILD/bench docs
#
# What stands in docs/performance.md between <!-- results --> and <!-- /results -->
# is replaced by the table, between <!-- peers --> and its end by that of the
# peers, between <!-- goals --> and its end by the goals that are missed; and the
# plots are copied.

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

# Puts text between the two marks of this name.
proc put {page name text} {
  set begin "<!-- $name -->\n"
  set end "<!-- /$name -->"
  set i [string first $begin $page]
  set k [string first $end $page]
  if {$i<0 || $k<$i} {
    puts stderr "tablao: bench: performance.md: has no place for the $name"
    exit 1
  }
  incr i [string length $begin]
  return [string range $page 0 $i-1]$text[string range $page $k end]
}

set table [read_text [file join $from results.md]]
set path [file join $to performance.md]
set text [put [read_text $path] results $table]
if {[file exists [file join $from peers.md]]} {
  set text [put $text peers [read_text [file join $from peers.md]]]
}
# The goals that are missed: how many times over.
set missed "| what | compared with | ratio | goal | over by |\n|---|---|--:|---|--:|\n"
foreach line [split $table \n] {
  lassign [lmap cell [split $line |] {string trim $cell}] - what - - peer - ratio goal verdict
  if {$verdict ne "miss"} continue
  lassign $goal side limit
  set over [expr {$side eq "\u2264" ? double($ratio)/$limit : double($limit)/$ratio}]
  append missed [format "| %s | %s | %s | %s | %.2f times |\n" $what $peer $ratio $goal $over]
}
set text [put $text goals $missed]
set channel [open $path w]
fconfigure $channel -encoding utf-8 -translation lf
puts -nonewline $channel $text
close $channel
foreach plot [glob -directory $from *.svg] {
  file copy -force $plot $to
}
