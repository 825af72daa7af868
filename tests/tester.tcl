# What every test file sources: checks over tcltest, and farms to check.
#
#   source [file join [file dirname [info script]] tester.tcl]
#   set testprefix foo
#
# Checks. A name may be used once; it is shown as foo-NAME, and inside
# foreach_mode as foo-NAME-MODE:
#   do_test NAME script expected
#   do_execsql_test NAME sql {flat list of values}
#   do_catchsql_test NAME sql {1 {exact message}}       ({0 {values}} if fine)
#   do_eqp_test NAME sql ?!?SUBSTRING ...    the plan has it; with ! has not
#   execsql sql ?db?          the values; raises errors
#   catchsql sql ?db?         {code values-or-message}
#   finish_test               the last line of every file
#
# Farms. The connection is the command `db`; it is opened by one of
#   open_farm ?-ext 0|1? ?-fk 0|1? ?-rt 0|1? ?-trusted 0|1? ?-as CMD? ?PATH?
#       a new farm in memory or at PATH; a file at PATH that exists is opened
#       as it is. -as names another command than db. Defaults: as last time;
#       at first -ext 1 -fk 1 -rt 0 -trusted 1.
#   reset_db                  closes db and opens a new farm of the same kind
#   foreach_mode ?-modes {PATTERN ...}? ?-file? ?-nocheck? script
#       runs script in each of the modes, each time on a new farm `db`,
#       in memory or (-file) in a file at [db_path]. Afterwards the farm must
#       be sound: no farm_problems, no foreign key violation, intact. A db
#       that was open before is there again behind it.
#   without_triggers script   runs it with no trigger of db firing, as damage or
#       another program's work leaves rows
#   without_rules sql         runs it on db so; then makes anew what derives from
#       the rows. A job's new status counts as acted upon. Only INSERT, UPDATE
#       and DELETE of tables
#   same_rows_in_all_modes NAME ?-catch? sql
#       runs the statements in all modes with the clock pinned; the rows of
#       all tables must be the same. An error fails the check; with -catch it
#       is part of what must be the same, and the script goes on.
#   dump_rows db ?text?       all rows of all tables, as comparable text
#   schema_version            the number of the last migration in sql/
#   text_of PATH              what stands in a file, in UTF-8
#   bytes_of PATH             the bytes of a file
#   next_line CHANNEL         the next line that a program writes; waits for it,
#       on a busy machine, too
#   tmp_path NAME             a path in a directory that finish_test removes
#   compiler                  the words that start the C compiler
#   library_of NAME CODE      compiles C code as a library; its path
#   columns_of TEXT           what the sqlite3 shell shows in columns, the same
#       whatever version aligned them: two blanks between the columns
#
# The modes: ext|sql (extension loaded and tablao_migrate(), or the plain
# script), fk0|fk1 (foreign_keys), rt0|rt1 (recursive_triggers): ext.fk1.rt0.
# trusted_schema is off in those four where an even number of the three is
# on, so that off and on both meet either setting of any two of them. The
# array `mode` has ext, fk, rt, trusted (0 or 1) and name.
#   tester::modes ?PATTERN ...?   the names of those that match, here and in
#       TABLAO_MODES
#   tester::pair N     if that is half, two that differ in all, the N-th of the
#       four such pairs, else {}. Of three such pairs any two of ext, fk and rt
#       meet in all ways, so who has three ways to do something has each of them
#       meet all settings by giving each a pair
#   tester::half LIST  if that is half, every other one, by turns from the first
#       and from the second on; for what is done in ways that are no modes
#
# Environment:
#   TABLAO_BUILD       where tablao.so and tablao.sql are (default ../build)
#   TABLAO_MODES       patterns: only these modes, for a quick run by hand; or
#                      half, as `make test` has it: what names no modes runs in
#                      four, where any two of ext, fk and rt still meet in all
#                      ways: by turns those with trusted_schema off, and on
#   TABLAO_TCLSQLITE   a libtclsqlite to load in place of Tcl's own package
# tcltest's options work: tclsh tests/foo.test -match 'foo-1.*'

package require Tcl 8.6
package require tcltest 2.3

# Files and what programs print are UTF-8, in a locale that is not, too. The
# test itself was read in the locale's encoding, and so is read again.
if {[encoding system] ne "utf-8"} {
  encoding system utf-8
  source $argv0
  exit
}

namespace eval tester {
  variable dir [file dirname [file normalize [info script]]]
  variable build [file join [file dirname $dir] build]
  if {[info exists ::env(TABLAO_BUILD)]} {
    set build [file normalize $::env(TABLAO_BUILD)]
  }
  variable failed 0        ;# failures that tcltest does not count
  variable names           ;# full names of the checks made
  array set names {}
  variable bodies 0        ;# number of foreach_mode calls
  variable halved 0        ;# how often four modes were left out
  variable tmp ""          ;# this process's directory, once there is one
  variable templates       ;# ext (0 or 1) -> database file
  array set templates {}
  variable last            ;# what open_farm was last asked for
  array set last {ext 1 fk 1 rt 0 trusted 1}
  variable path ""         ;# of db; "" in memory
}

set testprefix [file rootname [file tail [info script]]]
if {[info exists argv0]} {set testprefix [file rootname [file tail $argv0]]}
array set mode {ext 1 fk 1 rt 0 trusted 1 name ""}
tcltest::configure -verbose {body error}

# A run that cannot work says why in one line; all.tcl counts it as failed.
proc tester::die {message} {
  puts stderr "tablao: $message"
  remove_tmp
  exit 2
}

if {[info exists env(TABLAO_TCLSQLITE)] && $env(TABLAO_TCLSQLITE) ne ""} {
  if {[catch {load $env(TABLAO_TCLSQLITE) Sqlite3} message]} {
    tester::die "cannot load TABLAO_TCLSQLITE: $message"
  }
} elseif {[catch {package require sqlite3} message]} {
  tester::die "Tcl's sqlite3 package is missing (Debian: libsqlite3-tcl),\
      run tools/setup.sh: $message"
}

# --- Checks ------------------------------------------------------------------

proc tester::fail {name text} {
  variable failed
  incr failed
  puts "==== $name FAILED"
  puts $text
  puts "==== $name FAILED\n"
}

proc do_test {name script expected} {
  set full $::testprefix-$name
  if {$::mode(name) ne ""} {append full -$::mode(name)}
  if {[info exists tester::names($full)]} {
    tester::fail $full "the name of this check is already that of another"
    return
  }
  set tester::names($full) 1
  tcltest::test $full "" -body [list uplevel 1 $script] -result $expected
  return
}

proc execsql {sql {db db}} {
  uplevel 1 [list $db eval $sql]
}

proc catchsql {sql {db db}} {
  set code [catch {uplevel 1 [list $db eval $sql]} result]
  return [list $code $result]
}

proc do_execsql_test {name sql {expected {}}} {
  uplevel 1 [list do_test $name [list execsql $sql] [list {*}$expected]]
}

proc do_catchsql_test {name sql expected} {
  uplevel 1 [list do_test $name [list catchsql $sql] [list {*}$expected]]
}

proc do_eqp_test {name sql args} {
  if {![llength $args]} {error "do_eqp_test $name: nothing to look for"}
  uplevel 1 [list do_test $name [list tester::eqp $sql $args] {}]
}

# Empty when the plan is as wanted, else what is wrong with it.
proc tester::eqp {sql wanted} {
  variable plan {}
  # A cached EXPLAIN is not compiled anew when the schema has changed.
  db cache flush
  # In the caller's frame, for the variables that the statement names.
  uplevel 1 [list db eval "EXPLAIN QUERY PLAN $sql" ::tester::row {
    lappend ::tester::plan $::tester::row(detail)
  }]
  # A line end behind the last line, too, for who looks for whole lines.
  set text "[join $plan "\n  "]\n"
  foreach want $wanted {
    if {[string index $want 0] eq "!"} {
      set want [string range $want 1 end]
      if {[string first $want $text]>=0} {
        return "plan has '$want':\n  $text"
      }
    } elseif {[string first $want $text]<0} {
      return "plan lacks '$want':\n  $text"
    }
  }
  return ""
}

proc finish_test {} {
  variable ::tcltest::numTests
  set total $numTests(Passed)
  set bad [expr {$numTests(Failed)+$tester::failed}]
  if {$total+$bad==0} {
    puts "no checks in $::testprefix"
    set bad 1
  }
  foreach command {db db2 db3} {
    if {[info commands $command] ne ""} {catch {$command close}}
  }
  tester::remove_tmp
  if {$tester::halved} {puts "tester: half of the modes"}
  puts "tester: $::testprefix: $total passed, $bad failed"
  exit [expr {$bad>0}]
}

proc text_of {path} {
  set channel [open $path r]
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  return $text
}

proc bytes_of {path} {
  set channel [open $path rb]
  set bytes [read $channel]
  close $channel
  return $bytes
}

# The channel does not block. Five minutes: others may keep the machine busy.
proc next_line {channel} {
  for {set i 0} {$i<30000} {incr i} {
    if {[gets $channel line]>=0} {return $line}
    if {[eof $channel]} {return {end of file}}
    after 10
  }
  return {no line}
}

# Versions of the shell differ in where a column begins, on which side of it a
# value or its name stands, and in the blanks at the ends of lines.
proc columns_of {text} {
  return [join [lmap line [split $text \n] {
    regsub -all { {2,}} [regsub -all -- {-{2,}} [string trim $line] --] {  }
  }] \n]
}

# --- Farms -------------------------------------------------------------------

proc tmp_path {name} {
  if {$tester::tmp eq ""} {
    set base /tmp
    if {[info exists ::env(TMPDIR)]} {set base $::env(TMPDIR)}
    set tester::tmp [file join $base tablao-[pid]-[clock microseconds]]
    file mkdir $tester::tmp
  }
  return [file join $tester::tmp $name]
}

proc compiler {} {
  return [expr {[info exists ::env(CC)] && $::env(CC) ne "" ? $::env(CC) : "cc"}]
}

proc library_of {name code} {
  set source [tmp_path $name.c]
  set channel [open $source w]
  puts $channel $code
  close $channel
  set library [tmp_path $name.so]
  exec {*}[compiler] -shared -fPIC -o $library $source 2>@1
  return $library
}

proc tester::remove_tmp {} {
  variable tmp
  if {$tmp ne ""} {catch {file delete -force $tmp}}
  set tmp ""
}

proc schema_version {} {
  set sql [file join [file dirname $tester::dir] sql]
  set last [lindex [lsort [glob -directory $sql -tails {[0-9]*.sql}]] end]
  return [scan $last %d]
}

proc db_path {} {
  return $tester::path
}

proc load_tablao {{db db}} {
  $db enable_load_extension 1
  # The path has no suffix: SQLite adds that of the platform.
  set library [file join $tester::build tablao]
  if {[catch {$db eval {SELECT load_extension($library)}} message]} {
    tester::die "cannot load the extension, run make: $message"
  }
  $db enable_load_extension 0
}

# Installing the schema takes longer than most tests, so it is done once per
# process and way; each farm then starts as a copy of the result.
proc tester::template {ext} {
  variable templates
  variable build
  if {[info exists templates($ext)]} {return $templates($ext)}
  set file [tmp_path template$ext.db]
  sqlite3 ::tester::maker $file
  maker eval {PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF}
  if {$ext} {
    load_tablao ::tester::maker
    set what "SELECT tablao_migrate()"
  } else {
    set what [file join $build tablao.sql]
    if {[catch {open $what r} channel]} {
      die "cannot read the schema, run make: $channel"
    }
    fconfigure $channel -encoding utf-8
    set sql [read $channel]
    close $channel
  }
  if {[catch {
    if {$ext} {maker eval {SELECT tablao_migrate()}} else {maker eval $sql}
  } message]} {
    die "cannot install the schema by $what: $message"
  }
  maker close
  set templates($ext) $file
}

proc open_farm {args} {
  array set want [array get tester::last]
  set command db
  set path ""
  while {[llength $args]} {
    set args [lassign $args word]
    switch -- $word {
      -ext - -fk - -rt - -trusted {
        set args [lassign $args value]
        set want([string range $word 1 end]) [expr {!!$value}]
      }
      -as {set args [lassign $args command]}
      default {
        if {[llength $args] || [string match -* $word]} {
          error "open_farm: no such option: $word"
        }
        set path $word
      }
    }
  }
  if {$command eq "db"} {
    array set tester::last [array get want]
    array set ::mode [array get want]
    set tester::path $path
  }
  if {[info commands ::$command] ne ""} {$command close}
  set copy [tester::template $want(ext)]
  if {$path ne ""} {
    if {![file exists $path]} {file copy $copy $path}
    sqlite3 ::$command $path
    $command timeout 10000
    # No test of this process needs its files to survive a power failure.
    $command eval {PRAGMA synchronous=OFF}
  } else {
    sqlite3 ::$command :memory:
    $command restore main $copy
  }
  # Tests run the same statements over and over, and most of the time goes into
  # preparing those.
  $command cache size 100
  if {$want(ext)} {load_tablao $command}
  $command eval "PRAGMA foreign_keys=$want(fk);
                 PRAGMA recursive_triggers=$want(rt);
                 PRAGMA trusted_schema=$want(trusted)"
  return
}

proc reset_db {} {
  if {$tester::path ne ""} {
    if {[info commands ::db] ne ""} {db close}
    foreach suffix {{} -journal -wal -shm} {
      file delete -force $tester::path$suffix
    }
  }
  open_farm {*}[expr {$tester::path eq "" ? {} : [list $tester::path]}]
}

# Everything wrong with the farm, "" when it is sound.
proc tester::unsound {} {
  set wrong {}
  foreach sql {
    {SELECT * FROM farm_problems LIMIT 20}
    {PRAGMA foreign_key_check}
    {PRAGMA integrity_check}
  } {
    if {[catch {db eval $sql} result]} {set result "error: $result"}
    if {$result ne "" && $result ne "ok"} {lappend wrong "$sql: $result"}
  }
  return [join $wrong \n]
}

# Are only half of the modes asked for?
proc tester::halves {} {
  return [expr {[info exists ::env(TABLAO_MODES)] && $::env(TABLAO_MODES) eq "half"}]
}

proc tester::modes {args} {
  variable halved
  if {$args eq "*"} {set args {}}
  set only *
  if {[info exists ::env(TABLAO_MODES)]} {set only $::env(TABLAO_MODES)}
  if {[halves]} {
    set only *
    if {![llength $args]} {
      set only [lindex {
        {ext.fk1.rt0 ext.fk0.rt1 sql.fk1.rt1 sql.fk0.rt0}
        {ext.fk1.rt1 ext.fk0.rt0 sql.fk1.rt0 sql.fk0.rt1}
      } [expr {[incr halved]%2}]]
    }
  }
  if {![llength $args]} {set args *}
  return [lmap name {
    ext.fk1.rt0 ext.fk1.rt1 ext.fk0.rt0 ext.fk0.rt1
    sql.fk1.rt0 sql.fk1.rt1 sql.fk0.rt0 sql.fk0.rt1
  } {
    if {![matches $name $args] || ![matches $name $only]} continue
    set name
  }]
}

proc tester::pair {n} {
  variable halved
  if {![halves]} return
  incr halved
  return [lindex {
    {ext.fk1.rt0 sql.fk0.rt1} {ext.fk0.rt1 sql.fk1.rt0}
    {ext.fk0.rt0 sql.fk1.rt1} {ext.fk1.rt1 sql.fk0.rt0}
  } [expr {$n%4}]]
}

proc tester::half {list} {
  variable halved
  if {![halves]} {return $list}
  set skip [expr {[incr halved]%2}]
  return [lmap x $list {
    if {[incr skip]%2} continue
    set x
  }]
}

proc tester::matches {name patterns} {
  foreach pattern $patterns {
    if {[string match $pattern $name]} {return 1}
  }
  return 0
}

# How open_farm opens one in that mode.
proc tester::way {name} {
  scan $name {%3[a-z].fk%d.rt%d} how fk rt
  set ext [expr {$how eq "ext"}]
  return [list -ext $ext -fk $fk -rt $rt -trusted [expr {($ext+$fk+$rt)%2}]]
}

# Opens the modes that match, one by one, and runs the script of the caller in
# each, until it breaks. Returns their number. A db that was open before is
# put aside meanwhile.
proc tester::in_modes {patterns file script} {
  variable last
  variable path
  set saved [list [array get last] [array get ::mode] $path]
  set aside [expr {[info commands ::db] ne ""}]
  if {$aside} {rename ::db ::tester::aside_db}
  set n 0
  set code 0
  foreach name [modes {*}$patterns] {
    incr n
    set farm {}
    if {$file} {
      set farm [list [tmp_path mode.db]]
      foreach suffix {{} -journal -wal -shm} {
        file delete -force [lindex $farm 0]$suffix
      }
    }
    open_farm {*}[way $name] {*}$farm
    set ::mode(name) $name
    set code [catch {uplevel 1 $script} result options]
    if {[info commands ::db] ne ""} {db close}
    if {$code==1 || $code==3} break
  }
  if {$aside} {rename ::tester::aside_db ::db}
  array set last [lindex $saved 0]
  array set ::mode [lindex $saved 1]
  set path [lindex $saved 2]
  if {$code==1} {return -options $options $result}
  return $n
}

proc foreach_mode {args} {
  set patterns {}
  set file 0
  set check 1
  set scripts {}
  while {[llength $args]} {
    set args [lassign $args word]
    switch -- $word {
      -modes {set args [lassign $args patterns]}
      -file {set file 1}
      -nocheck {set check 0}
      default {lappend scripts $word}
    }
  }
  if {[llength $scripts]!=1} {
    error "foreach_mode ?-modes {...}? ?-file? ?-nocheck? script"
  }
  set body [incr tester::bodies]
  set n [tester::in_modes $patterns $file {
    set code [catch {uplevel 1 [lindex $scripts 0]} result options]
    if {$code==1} {
      # An error between checks fails this mode; the others still run.
      tester::fail $::testprefix-body.$body-$::mode(name) \
          [dict get $options -errorinfo]
    } elseif {$check && [info commands ::db] ne ""} {
      do_test sound.$body {tester::unsound} {}
    }
    if {$code==3} break
  }]
  if {$n==0 && (![info exists ::env(TABLAO_MODES)] || [tester::halves])} {
    error "foreach_mode: no mode matches $patterns"
  }
  return
}

proc without_triggers {script} {
  db config enable_trigger 0
  set code [catch {uplevel 1 $script} result options]
  db config enable_trigger 1
  return -options $options $result
}

proc without_rules {sql} {
  set code [catch {
    without_triggers {uplevel 1 [list db eval $sql]}
  } result options]
  without_triggers {
    db eval {UPDATE jobs SET tablao_status=status WHERE status<>tablao_status}
  }
  if {$code==0} {db eval {DELETE FROM farm_problems}}
  return -options $options $result
}

# --- The same rows -----------------------------------------------------------

# The statements of a script, one by one, without what is blank.
proc tester::statements {script} {
  set list {}
  set sql ""
  foreach piece [split $script \;] {
    append sql $piece \;
    if {[db complete $sql]} {
      lappend list $sql
      set sql ""
    }
  }
  # A comment's end or half a statement: SQLite ignores or refuses it.
  if {[string trim $sql " \t\n;"] ne ""} {lappend list $sql}
  return $list
}

# One line per row, table by table, in the order of the primary key (else of
# all columns). Random UUIDs, those that `text` does not contain, become
# uuid#1, uuid#2, ... in the order of their appearance, wherever they stand.
# When a migration was applied is not the farm's state and left out, nor are the
# rules' notes, which mean nothing once a statement is over.
proc dump_rows {db {text ""}} {
  set lines {}
  $db eval {
    SELECT name AS tbl FROM sqlite_schema
     WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'
       AND name NOT IN ('tablao_replaced', 'tablao_written_times')
     ORDER BY name
  } {
    set columns {}
    set key {}
    set all {}
    $db eval {
      SELECT name AS col, pk FROM pragma_table_xinfo($tbl)
       WHERE hidden<>1 ORDER BY cid
    } {
      set quoted "\"[string map {\" \"\"} $col]\""
      lappend all $quoted
      if {$pk} {lappend key [list $pk $quoted]}
      if {$tbl eq "tablao_migrations" && $col eq "applied_at"} continue
      lappend columns "'$col=' || quote($quoted)"
    }
    set order {}
    foreach pair [lsort -integer -index 0 $key] {
      lappend order [lindex $pair 1]
    }
    if {![llength $order]} {set order $all}
    $db eval "SELECT [join $columns " || ' ' || "] AS line
                FROM \"$tbl\" ORDER BY [join $order ,]" {
      lappend lines "$tbl: $line"
    }
  }
  set dump [join $lines \n]
  set uuid {[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}
  set map {}
  set n 0
  foreach found [regexp -all -inline $uuid $dump] {
    if {[info exists known($found)]} continue
    set known($found) 1
    if {[string first $found [string tolower $text]]>=0} continue
    lappend map $found uuid#[incr n]
  }
  return [string map $map $dump]
}

proc same_rows_in_all_modes {name args} {
  set catch 0
  foreach word [lrange $args 0 end-1] {
    if {$word ne "-catch"} {error "same_rows_in_all_modes: what is $word?"}
    set catch 1
  }
  do_test $name [list tester::same_rows [lindex $args end] $catch] {}
}

# Empty when all modes agree, else how the first that differs does.
proc tester::same_rows {sql catch} {
  set first ""
  set result ""
  in_modes {} 0 {
    db eval {
      UPDATE farm_settings SET value='2026-01-02 03:04:05.678+00:00'
       WHERE name='clock'
    }
    set dump {}
    foreach statement [statements $sql] {
      if {![catch {db eval $statement} message]} continue
      if {!$catch} {
        set result "$::mode(name): $message\n  in: [string trim $statement]"
        break
      }
      lappend dump "error: $message"
    }
    if {$result ne ""} break
    lappend dump {*}[split [dump_rows db $sql] \n]
    set wrong [unsound]
    if {$wrong ne ""} {
      set result "$::mode(name): $wrong"
      break
    }
    if {$first eq ""} {
      set first $::mode(name)
      set expected $dump
    } elseif {$dump ne $expected} {
      set result "rows differ (- $first, + $::mode(name)):\n[difference \
          $expected $dump]"
      break
    }
  }
  return $result
}

# The lines of one list that the other lacks, at most 20 of each.
proc tester::difference {old new} {
  set out {}
  foreach {sign a b} [list - $old $new + $new $old] {
    array unset has
    foreach line $b {set has($line) 1}
    set n 0
    foreach line $a {
      if {![info exists has($line)] && [incr n]<=20} {lappend out "$sign $line"}
    }
  }
  if {![llength $out]} {return "  (the same lines in another order)"}
  return [join $out \n]
}
