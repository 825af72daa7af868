# Sleep schedules in one time zone, minute by minute; tests/sleep_schedules.test
# runs this once per zone, since a process has only one.
#
#   TZ=ZONE tclsh tests/sleep_zones.tcl ZONE DATE ...
#
# Around each DATE (UTC), where the clocks of the zone may change, it compares
# the view worker_sleep_statuses with what the clocks of Tcl say. It prints what
# is wrong, and last how often the clocks changed around each DATE, how many
# minutes it has looked at and how much was wrong.
#
# What must be: the status is that of docs/rules.md, "Sleep"; next_check is a whole
# minute behind now, and not behind the next time at which the status or the
# date changes. More than 26 hours from a change of the clocks it is the next
# local time that is midnight, start or end, to the minute.

set argv0 [info script]
source [file join [file dirname [info script]] tester.tcl]
source [file join [file dirname [info script]] farm.tcl]

set zone [lindex $argv 0]

set schedules {
  {} {} {}
  {} 22:00 06:00
  {} 09:00 17:00
  {mo tu we th fr} 18:00 08:30
  sa,su {} {}
  {} 02:00 03:00
  {} 02:30 02:45
  {} 00:00 12:00
  {} 12:00 {}
  {} {} 01:30
  {} 23:30 00:00
  Sunday 01:30 02:30
  {} 00:30 00:30
  {} {} 00:00
  saturday 23:00 02:15
  {} 03:00 02:00
  {th,fr,sa} 00:00 {}
  {su mo} 01:45 01:15
}

proc minutes {time default} {
  if {$time eq ""} {return $default}
  scan $time %d:%d h m
  return [expr {60*$h+$m}]
}

# Local time by Tcl's clocks: weekday (0 = Sunday), hour, minute, date, offset.
proc local {t} {
  return [clock format $t -format {%w %H %M %Y-%m-%d %z} -timezone :$::zone]
}

# Does the schedule want sleep? days is a list of weekdays, empty for all.
proc sleeps {days start end weekday minute} {
  set yesterday [expr {($weekday+6)%7}]
  set today_listed [expr {![llength $days] || $weekday in $days}]
  if {$start<=$end} {
    return [expr {$today_listed && $start<=$minute && $minute<$end}]
  }
  set yesterday_listed [expr {![llength $days] || $yesterday in $days}]
  return [expr {($today_listed && $minute>=$start)
      || ($yesterday_listed && $minute<$end)}]
}

open_farm -ext 0 -fk 0 -rt 0 -trusted 0
set n 0
foreach {days start end} $schedules {
  add_worker [incr n]
  insert_quietly sleep_schedules [list \
      -worker_id "SELECT id FROM workers WHERE uuid='$n'" is_active 1 \
      days_of_week $days start_time $start end_time $end]
}

set looked 0
set wrong 0
set all_shifts {}
proc wrong {text} {
  if {[incr ::wrong]<=20} {puts $text}
}

foreach date [lrange $argv 1 end] {
  set middle [clock scan $date -format %Y-%m-%d -timezone :UTC]
  set first [expr {$middle-36*3600}]
  set last [expr {$middle+60*3600}]
  # Behind the last of them, for what comes next there.
  set end_of_all [expr {$last+27*3600}]
  # Local time of every minute.
  unset -nocomplain at
  set shifts {}
  set before ""
  for {set t [expr {$first-27*3600}]} {$t<=$end_of_all} {incr t 60} {
    set at($t) [local $t]
    lassign $at($t) w h m d offset
    scan $h %d h
    scan $m %d m
    set at($t) [list $w [expr {60*$h+$m}] $d]
    if {$before ne "" && $offset ne $before} {lappend shifts $t}
    set before $offset
  }
  # What each schedule says at every minute, and when next something happens:
  # from the end backwards. `event` is a time of day of the schedule, `change`
  # one of the status or the date.
  set n 0
  unset -nocomplain asleep event change
  foreach {days start end} $schedules {
    incr n
    set list {}
    foreach day [split [string map {, { }} [string tolower $days]]] {
      lappend list [lsearch {su mo tu we th fr sa} [string range $day 0 1]]
    }
    set from [minutes $start 0]
    set to [minutes $end 1440]
    set next_event {}
    set next_change {}
    set later {}
    for {set t $end_of_all} {$t>=$first} {incr t -60} {
      lassign $at($t) weekday minute day
      set is [sleeps $list $from $to $weekday $minute]
      set asleep($n,$t) $is
      set event($n,$t) $next_event
      set change($n,$t) [expr {
        [list $is $day] ne $later && $later ne "" ? $t+60 : $next_change}]
      set next_change $change($n,$t)
      if {$minute==0 || $minute==$from || $minute==$to} {set next_event $t}
      set later [list $is $day]
    }
  }
  for {set t $first} {$t<$last} {incr t 60} {
    # Every minute near the change, some of the others.
    set near 0
    set ordinary 1
    foreach shift $shifts {
      if {abs($t-$shift)<=5400} {set near 1}
      if {abs($t-$shift)<=26*3600} {set ordinary 0}
    }
    if {!$near && ($t/60)%23 && [lindex $at($t) 1]%30} continue
    incr looked
    # The beginning of the minute, or its last millisecond.
    foreach fraction {00.000 59.999} {
      if {$fraction ne "00.000" && $looked%3} continue
      set now [clock format $t -format {%Y-%m-%d %H:%M:} -timezone :UTC]
      append now $fraction +00:00
      db eval {UPDATE farm_settings SET value=$now WHERE name='clock'}
      db eval {
        SELECT worker_uuid AS n, scheduled_status, next_check, strftime('%s',
            substr(next_check, 1, 19)) AS next
          FROM worker_sleep_statuses
      } {
        set what "$zone $now ([lrange $at($t) 0 1]) schedule $n\
            ([lrange $schedules [expr {3*$n-3}] [expr {3*$n-1}]]):"
        if {($scheduled_status eq "asleep")!=$asleep($n,$t)} {
          wrong "$what $scheduled_status"
        }
        if {![string match *:00.000+00:00 $next_check]
            || [string compare $next_check $now]<=0} {
          wrong "$what next_check $next_check is not a minute behind now"
        } elseif {$ordinary} {
          if {$next!=$event($n,$t)} {
            wrong "$what next_check $next_check should be\
                [clock format $event($n,$t) -timezone :UTC]"
          }
        } elseif {$next>$change($n,$t)} {
          wrong "$what next_check $next_check is late:\
              [clock format $change($n,$t) -timezone :UTC]"
        }
      }
    }
  }
  lappend all_shifts [llength $shifts]
}
db close
tester::remove_tmp
puts "shifts $all_shifts looked $looked wrong $wrong"
