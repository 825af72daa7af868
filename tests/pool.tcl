# What tests/all.tcl and tests/torture/all.tcl share: they run programs some at a
# time, and collect what each writes in `output`, by its channel. Their `finish`
# is called with the channel when a program has ended.

proc number_of_cores {} {
  foreach command {{nproc} {sysctl -n hw.ncpu} {getconf _NPROCESSORS_ONLN}} {
    if {![catch {exec {*}$command 2>@1} n] && [string is integer -strict $n]} {
      return $n
    }
  }
  return 2
}

proc env_default {name default} {
  if {[info exists ::env($name)] && $::env($name) ne ""} {
    return $::env($name)
  }
  return $default
}

proc collect {channel} {
  global output
  append output($channel) [read $channel]
  if {[eof $channel]} {finish $channel}
}
