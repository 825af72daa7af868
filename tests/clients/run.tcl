# Runs the scenario through every client that is here or can be installed.
#
#   tclsh tests/clients/run.tcl BUILD ?CLIENT ...?
#
# CLIENT: python apsw node mattn modernc rust wasm java shell tcl, and orm (all
# of them). What is installed goes to BUILD/clients, from the package managers'
# registries, in the versions that the files beside this one pin. A client that
# cannot be set up is skipped, and said to be.
#
# 1. Each client by itself, with the extension and without: every step of
#    scenario.json, and at the end the same rows in all tables; then what its
#    driver does that could matter.
# 2. One database file, open in all clients at once, each of which does a
#    block of the scenario in turn: the same rows at the end.
# 3. orm: SQLAlchemy with models that it reflects, which goes its own way: see
#    python/orm.py.
# Last it prints `N passed, N failed, N skipped`. A run of all clients writes
# BUILD/clients/table.md, the table of docs/clients.md.

set here [file dirname [file normalize [info script]]]
set top [file dirname [file dirname $here]]
set build [file normalize [lindex $argv 0]]
set wanted [lrange $argv 1 end]
set argv {}
set env(TABLAO_BUILD) $build
source [file join $top tests tester.tcl]

set env(TZ) UTC
set env(LC_ALL) C.UTF-8
set work [file join $build clients]
file mkdir $work
set scenario [file join $here scenario.json]
set passed 0
set failed 0
set skipped 0

# --- Setting up --------------------------------------------------------------

# name -> {ways, command, shell script that sets it up}. The scripts run all
# at once; each says in its last line why it failed. A stamp that is newer
# than what is pinned saves asking the registry again.
array set client [list \
  python [list {ext sql} {/usr/bin/env python3} {
    for python in python3 /usr/bin/python3; do
      if $python -c 'import sqlite3; sqlite3.Connection.enable_load_extension' \
          2>/dev/null; then
        command -v $python >"$work/python.path"
        exit 0
      fi
    done
    echo 'no python3 whose sqlite3 can load extensions (Debian: python3)'
    exit 1
  }] \
  apsw [list {ext sql} {} {
    python_packages apsw python/requirements.txt
  }] \
  node [list {ext sql} {} {
    need node npm c++
    cp "$here"/node/*.mjs "$here"/node/package*.json "$work/node/"
    cd "$work"
    stamp node node/package-lock.json && exit 0
    cd node
    headers=$(dirname "$(dirname "$(command -v node)")")
    if [ -f "$headers/include/node/node.h" ]; then
      export npm_config_nodedir=$headers
    fi
    npm ci --no-audit --no-fund && touch ../node.stamp
  }] \
  mattn [list {ext sql} {} {
    need go cc
    cd "$here/go" && go build -trimpath -o "$work/mattn" ./mattn
  }] \
  modernc [list {sql} {} {
    need go
    cd "$here/go" && CGO_ENABLED=0 go build -trimpath -o "$work/modernc" ./modernc
  }] \
  rust [list {ext sql} {} {
    need cargo cc
    cd "$here/rust" && CARGO_TARGET_DIR="$work/rust" cargo build -q --locked
  }] \
  wasm [list {sql} {} {}] \
  java [list {ext sql} {} {
    need javac java mvn
    cd "$work"
    if ! stamp java java/pom.xml; then
      mvn -q -B -f "$here/java/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$work/java/lib" && touch java.stamp || exit 1
    fi
    javac -encoding UTF-8 -cp "$work/java/lib/*" -d "$work/java" \
      "$here/java/Client.java"
  }] \
  shell [list {ext sql} {} {
    need sqlite3 bash stdbuf
  }] \
  tcl [list {ext sql} {} {}] \
  orm [list {} {} {
    python_packages orm python/orm.txt
  }] \
]
set order {python apsw node mattn modernc rust wasm java shell tcl orm}

set prelude {
  need() {
    for tool; do
      command -v "$tool" >/dev/null && continue
      echo "$tool is missing"
      exit 1
    done
  }
  # Is the client's stamp newer than the file that pins it?
  stamp() {
    [ "$work/$1.stamp" -nt "$here/$2" ]
  }
  # The client's virtual environment, with what the file pins.
  python_packages() {
    stamp "$1" "$2" && return
    cd "$work"
    python3 -m venv "$1" || /usr/bin/python3 -m venv "$1"
    "$1/bin/pip" --disable-pip-version-check install -q -r "$here/$2" &&
      touch "$1.stamp"
  }
}

proc command_of {name} {
  global here work
  switch $name {
    python {
      set channel [open $work/python.path]
      set python [gets $channel]
      close $channel
      return [list $python $here/python/client.py]
    }
    apsw {return [list $work/apsw/bin/python $here/python/client_apsw.py]}
    node {return [list node $work/node/better-sqlite3.mjs]}
    wasm {return [list node $work/node/wasm.mjs]}
    mattn - modernc {return [list $work/$name]}
    rust {return [list $work/rust/debug/tablao-clients]}
    java {return [list java -Dfile.encoding=UTF-8 -XX:TieredStopAtLevel=1 \
        -cp $work/java:$work/java/lib/* Client]}
    shell {return [list bash $here/shell/client.sh]}
    tcl {return [list [info nameofexecutable] $here/tcl/client.tcl]}
  }
}

# Nothing may hang for ever, a registry or a lock.
proc within {seconds} {
  if {[auto_execok timeout] eq ""} return
  return [list timeout $seconds]
}

proc set_up {names} {
  global client here work prelude why
  file mkdir $work/node $work/java
  foreach name $names {
    set script [lindex $client($name) 2]
    set text "here='$here' work='$work'
      exec </dev/null >\"\$work/$name.log\" 2>&1
      $prelude
      $script"
    set channel [open |[list {*}[within 840] sh -c $text] r]
    set running($name) $channel
  }
  foreach name $names {
    set why($name) ""
    if {[catch {close $running($name)} message]} {
      set log [open $work/$name.log]
      set text [string trim [read $log]]
      close $log
      set why($name) [lindex [split $text \n] end]
      if {$why($name) eq ""} {set why($name) $message}
    }
  }
  # The two JavaScript clients are installed together.
  if {[info exists why(wasm)] && [info exists why(node)]} {
    set why(wasm) $why(node)
  }
}

# --- Talking to clients ------------------------------------------------------

proc start {name way database} {
  global scenario build work
  set channel [open |[list {*}[within 300] {*}[command_of $name] $scenario $database $build \
      $way 2>>$work/$name.err] r+]
  fconfigure $channel -buffering line -encoding utf-8
  return $channel
}

# Sends a command; counts and shows what comes back. Returns the version line.
proc tell {channel label command} {
  global passed failed bad
  set version ""
  if {[catch {
    puts $channel $command
    while 1 {
      if {[gets $channel line]<0} {error "it ended"}
      if {$line eq "done"} break
      if {[string match "ok *" $line]} {
        incr passed
      } elseif {[string match "version\t*" $line]} {
        set version $line
      } else {
        incr failed
        set bad($label) 1
        puts "$label: $line"
      }
    }
  } message]} {
    incr failed
    set bad($label) 1
    puts "$label: $command: $message"
  }
  return $version
}

proc judge {label ok text} {
  global passed failed bad
  if {$ok} {
    incr passed
  } else {
    incr failed
    set bad($label) 1
    puts "$label: $text"
  }
}

# The rows of all tables, and whether the farm is sound.
proc rows_of {database} {
  sqlite3 reader $database
  set wrong [reader eval {
    SELECT * FROM farm_problems; PRAGMA foreign_key_check;
    SELECT * FROM pragma_integrity_check WHERE integrity_check<>'ok';
  }]
  # How often a row was written is not compared: a step for clients
  # with the extension only may write one more time. farm_problems knows 0.
  regsub -all { tablao_rev=\d+} [dump_rows reader] { tablao_rev=#} dump
  reader close
  if {$wrong ne ""} {append dump "\nwrong: $wrong"}
  return $dump
}

proc same_rows {label database} {
  global reference
  set dump [rows_of $database]
  if {![info exists reference]} {set reference $dump}
  judge $label [expr {$dump eq $reference && ![regexp {\nwrong: } $dump]}] \
      "the rows at the end differ: [tester::difference \
          [split $reference \n] [split $dump \n]]"
}

proc remove {database} {
  foreach suffix {{} -journal -wal -shm} {file delete $database$suffix}
}

proc number_of_blocks {} {
  sqlite3 counter :memory:
  set channel [open $::scenario]
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  set n [counter onecolumn {SELECT json_array_length($text, '$.blocks')}]
  counter close
  return $n
}

# --- The runs ----------------------------------------------------------------

proc run_alone {name way} {
  global n_block version work passed failed count
  set label "$name, [expr {$way eq "ext" ? "with" : "without"}] extension"
  set before [list $passed $failed]
  set database $work/$name-$way.db
  remove $database
  set channel [start $name $way $database]
  set version($name) [tell $channel $label version]
  tell $channel $label install
  for {set i 0} {$i<$n_block} {incr i} {tell $channel $label "block $i"}
  same_rows $label $database
  tell $channel $label extra
  judge $label [expr {![catch {close $channel} message]}] \
      "it ended badly: [expr {[info exists message] ? $message : ""}]"
  set dump [rows_of $database]
  judge $label [expr {![regexp {\nwrong: .*} $dump wrong]}] \
      "after its extra steps: [expr {[info exists wrong] ? $wrong : ""}]"
  remove $database
  set p [expr {$passed-[lindex $before 0]}]
  set f [expr {$failed-[lindex $before 1]}]
  set count($name,$way) [expr {$f ? "$f failed" : "$p passed"}]
  puts [format "%-40s %s" $label $count($name,$way)]
}

# All have the file open; block after block goes to the next of them, `step`
# further on in their list.
proc run_in_turn {label members step journal} {
  global n_block work passed failed
  set before [list $passed $failed]
  set database $work/in-turn.db
  remove $database
  sqlite3 maker $database
  maker eval "PRAGMA journal_mode=$journal; CREATE TABLE t (x); DROP TABLE t"
  maker close
  set channels {}
  foreach member $members {
    lassign $member name way
    lappend channels [start $name $way $database]
    # Once it answers it has the file open. The WebAssembly build takes no
    # locks, so nobody may look at the file while that one writes it.
    tell [lindex $channels end] "$label, $member" version
  }
  set n [llength $channels]
  set who 0
  tell [lindex $channels 0] "$label, [lindex $members 0]" install
  for {set i 0} {$i<$n_block} {incr i} {
    set who [expr {($who+$step)%$n}]
    tell [lindex $channels $who] "$label, [lindex $members $who]" "block $i"
  }
  same_rows $label $database
  foreach channel $channels member $members {
    judge "$label, $member" [expr {![catch {close $channel} message]}] \
        "it ended badly: [expr {[info exists message] ? $message : ""}]"
  }
  remove $database
  set f [expr {$failed-[lindex $before 1]}]
  puts [format "%-40s %s" $label [expr {$f ? "$f failed" :
      "[expr {$passed-[lindex $before 0]}] passed"}]]
}

proc run_orm {} {
  global here work passed failed
  set before [list $passed $failed]
  set database $work/orm.db
  remove $database
  file copy -force [tester::template 0] $database
  set channel [open |[list {*}[within 300] $work/orm/bin/python \
      $here/python/orm.py $database 2>>$work/orm.err] r]
  fconfigure $channel -encoding utf-8
  set who orm
  while {[gets $channel line]>=0} {
    if {[string match "version\t*" $line]} {
      set who [lindex [split $line \t] 1]
    } else {
      judge orm [string match "ok *" $line] $line
    }
  }
  judge orm [expr {![catch {close $channel} message]}] \
      "it ended badly: [expr {[info exists message] ? $message : ""}]"
  judge orm [expr {$who ne "orm"}] "it did not come to its end"
  remove $database
  set f [expr {$failed-[lindex $before 1]}]
  puts [format "%-40s %s" $who [expr {$f ? "$f failed" :
      "[expr {$passed-[lindex $before 0]}] passed"}]]
}

proc write_table {file} {
  global order why client version count
  set channel [open $file w]
  puts $channel "| client | SQLite | with the extension | without it |"
  puts $channel "|---|---|---|---|"
  foreach name $order {
    if {![info exists why($name)] || $name eq "orm"} continue
    set cells {}
    if {$why($name) ne ""} {
      set cells [list $name - "skipped: $why($name)" "skipped"]
    } else {
      lassign [split $version($name) \t] -> who sqlite
      set cells [list $who $sqlite]
      foreach way {ext sql} {
        lappend cells [expr {[info exists count($name,$way)] ?
            $count($name,$way) : "cannot load any"}]
      }
    }
    puts $channel "| [join $cells { | }] |"
  }
  close $channel
}

set names {}
foreach name $order {
  if {![llength $wanted] || $name in $wanted} {lappend names $name}
}
foreach name $wanted {
  if {$name ni $order} {
    puts "tablao: no such client: $name ($order)"
    exit 1
  }
}
if {"wasm" in $names && "node" ni $names} {
  # What installs better-sqlite3 installs it, too.
  set client(wasm) [lreplace $client(wasm) 2 2 [lindex $client(node) 2]]
}
puts "setting up [join $names {, }] (logs: $work/*.log)"
flush stdout
set_up $names
set n_block [number_of_blocks]
set members {}
foreach name $names {
  if {$why($name) ne ""} {
    incr skipped
    puts "$name: skipped: $why($name)"
    continue
  }
  foreach way [lindex $client($name) 0] {
    run_alone $name $way
    flush stdout
    lappend members [list $name $way]
  }
}
if {[llength $members]>1} {
  run_in_turn "in turn" $members 1 delete
  # A step that has no factor in common with their number reaches them all.
  set step [expr {[llength $members]%5 ? 5 : 7}]
  run_in_turn "in turn, another order" $members $step delete
  # The WebAssembly build has no shared memory, which a WAL needs.
  run_in_turn "in turn, WAL" \
      [lsearch -all -inline -not $members {wasm *}] 1 wal
}
if {"orm" in $names && $why(orm) eq ""} {run_orm}
if {![llength $wanted]} {write_table $work/table.md}
puts "$passed passed, $failed failed, $skipped skipped"
exit [expr {$failed>0}]
