# Random numbers that a seed makes the same on any machine and in any Tcl, for
# the histories and the simulated day: Park and Miller's generator, since what
# Tcl's own rand() gives for a seed is nobody's promise.

namespace eval random {
  variable state 1
  namespace export seed rnd chance pick weigh some
}

proc random::seed {n} {
  variable state
  set state [expr {($n * 7919 + 104729) % 2147483647}]
  if {$state == 0} { set state 1 }
  # Neighbouring seeds begin alike.
  for {set i 0} {$i < 5} {incr i} { rnd 2 }
}

# 0 to n-1
proc random::rnd {n} {
  variable state
  set state [expr {$state * 48271 % 2147483647}]
  return [expr {$state / 7 % $n}]
}

proc random::chance {percent} {
  return [expr {[rnd 1000] < 10 * $percent}]
}

proc random::pick {list} {
  if {![llength $list]} { return {} }
  return [lindex $list [rnd [llength $list]]]
}

# One of {weight thing weight thing ...}
proc random::weigh {table} {
  set sum 0
  foreach {w -} $table { incr sum $w }
  set n [rnd $sum]
  foreach {w thing} $table {
    if {$n < $w} { return $thing }
    incr n -$w
  }
}

# One to five different elements
proc random::some {list} {
  set n [expr {1 + [rnd [expr {min(5, [llength $list])}]]}]
  set r {}
  while {[llength $r] < $n} {
    set x [pick $list]
    if {$x ni $r} { lappend r $x }
  }
  return $r
}
