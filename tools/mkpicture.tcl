#!/usr/bin/env tclsh
# Draws what fires what in an own farm: writes docs/design.dot, for graphviz.
#
#   tclsh tools/mkpicture.tcl BUILD OUT
#
# reads   BUILD/tablao.sql, which it runs
# writes  OUT
#
# A box is an event, such as UPDATE tasks, with the triggers that it fires, in
# firing order. An arrow leads from a trigger to the event that its body makes;
# where that does not fire all of the box's triggers, it says which. What a
# trigger fires of its own box stands behind its name, and so do doors that are
# the end of the way and that many use. Nothing of this is read from the source:
# what a trigger writes, SQLite says to an authorizer when it compiles it.

package require Tcl 8.6
if {[info exists env(TABLAO_TCLSQLITE)] && $env(TABLAO_TCLSQLITE) ne ""} {
  load $env(TABLAO_TCLSQLITE) Sqlite3
} else {
  package require sqlite3
}

source [file join [file dirname [info script]] page.tcl]

proc die {message} {
  puts stderr "tablao: mkpicture: $message"
  exit 1
}

if {$argc!=2} {die "usage: tclsh mkpicture.tcl BUILD OUT"}
lassign $argv build out

sqlite3 db :memory:
set channel [open [file join $build tablao.sql]]
fconfigure $channel -encoding utf-8
db eval [read $channel]
close $channel

# --- What there is -----------------------------------------------------------

set boxes [dict create]    ;# {EVENT TABLE} -> its triggers, in firing order
set columns [dict create]  ;# trigger -> the columns it watches; empty: all
set is_view [dict create]  ;# table or view -> 0 or 1
# SQLite fires those that are BEFORE first, and of two the newer one.
db eval {
  SELECT t.name, t.tbl_name, t.sql, v.type = 'view' AS view
  FROM sqlite_schema t JOIN sqlite_schema v ON v.name = t.tbl_name
  WHERE t.type = 'trigger'
  ORDER BY substr(t.sql, length('CREATE TRIGGER ' || t.name) + 2, 6) <> 'BEFORE', t.rowid DESC
} {
  if {![regexp {^CREATE TRIGGER \w+ (?:BEFORE|AFTER|INSTEAD OF) (\w+)(?: OF\s+([\w\s,]+?))?\s+ON \w+} \
      $sql -> event watched]} {
    die "cannot read the head of $name"
  }
  dict lappend boxes [list $event $tbl_name] $name
  dict set columns $name [regexp -all -inline {\w+} $watched]
  dict set is_view $tbl_name $view
}

# {trigger {EVENT TABLE}} -> the columns that it writes; empty unless UPDATE.
set writes [dict create]
proc note {action table column database trigger args} {
  if {$trigger ne ""} {
    switch -- $action {
      SQLITE_INSERT {dict set ::writes [list $trigger [list INSERT $table]] {}}
      SQLITE_DELETE {dict set ::writes [list $trigger [list DELETE $table]] {}}
      SQLITE_UPDATE {
        dict lappend ::writes [list $trigger [list UPDATE $table]] $column
      }
    }
  }
  return SQLITE_OK
}

# One statement per event is enough to have each trigger compiled. What is
# within another trigger comes along, and is noted again.
db authorizer note
dict for {box -} $boxes {
  lassign $box event table
  set all [db eval {SELECT name FROM pragma_table_info($table)}]
  switch -- $event {
    INSERT {db eval "EXPLAIN INSERT INTO $table DEFAULT VALUES"}
    DELETE {db eval "EXPLAIN DELETE FROM $table"}
    UPDATE {
      set sets [lmap column $all {string cat $column { = } $column}]
      db eval "EXPLAIN UPDATE $table SET [join $sets {, }]"
    }
  }
}
db authorizer {}

# The numbers, in their box, of the triggers that such a statement fires.
proc fired {box written} {
  set numbers {}
  set n 0
  foreach trigger [dict get $::boxes $box] {
    incr n
    set watched [dict get $::columns $trigger]
    set hits [lmap column $watched {
      if {$column ni $written} continue
      set column
    }]
    if {$watched eq "" || $hits ne ""} {lappend numbers $n}
  }
  return $numbers
}

# --- The picture ---------------------------------------------------------------

proc node {box} {return [join $box _]}

proc colour {table} {
  if {[string match tablao_* $table]} {return "#eeeeee"}
  return [expr {[dict get $::is_view $table] ? "#d5e8d4" : "#fff2cc"}]
}

# 1 2 3 5 -> 1-3, 5
proc ranges {numbers} {
  set parts {}
  while {[llength $numbers]} {
    set numbers [lassign $numbers from]
    set to $from
    while {[llength $numbers] && [lindex $numbers 0]==$to+1} {
      set numbers [lassign $numbers to]
    }
    lappend parts [expr {$from==$to ? $from : "$from-$to"}]
  }
  return [join $parts {, }]
}

set dot "// DO NOT EDIT. Made by tools/mkpicture.tcl of the database: make docs.\n"
append dot "digraph tablao \{" {
  rankdir = LR;
  ranksep = 0.8;
  nodesep = 0.15;
  node [shape = plain, fontname = "Helvetica", fontsize = 10];
  edge [fontname = "Helvetica", fontsize = 8, color = "#777777", arrowsize = 0.6];

}
# Arrows to these would be half of all.
set ends {}
dict for {box triggers} $boxes {
  if {![string match tablao_* [lindex $box 1]] || [llength $triggers]>1} continue
  set uses [llength [dict keys $writes [list * $box]]]
  set onward [lmap key [dict keys $writes [list [lindex $triggers 0] *]] {
    if {![dict exists $boxes [lindex $key 1]]} continue
    set key
  }]
  if {$uses>=5 && ![llength $onward]} {lappend ends $box}
}
set edges {}
foreach box [lsort [dict keys $boxes]] {
  lassign $box event table
  set rows {}
  set n 0
  foreach trigger [dict get $boxes $box] {
    incr n
    set behind ""
    foreach key [lsort [dict keys $writes [list $trigger *]]] {
      set to [lindex $key 1]
      if {![dict exists $boxes $to]} continue
      set numbers [fired $to [dict get $writes $key]]
      if {![llength $numbers]} continue
      if {$to eq $box} {
        append behind " &#8635; [ranges $numbers]"
        continue
      } elseif {$to in $ends} {
        append behind " &#8594; [lindex $to 1]"
        continue
      }
      set label ""
      if {[llength $numbers]<[llength [dict get $boxes $to]]} {
        set label " \[label = \"[ranges $numbers]\"\]"
      }
      lappend edges "  [node $box]:t$n -> [node $to]:head$label;"
    }
    lappend rows "      <tr><td port=\"t$n\" align=\"left\">$n  $trigger$behind</td></tr>"
  }
  append dot "  [node $box] \[label = <\n" \
      "    <table border=\"0\" cellborder=\"1\" cellspacing=\"0\">\n" \
      "      <tr><td port=\"head\" bgcolor=\"[colour $table]\"><b>$event $table</b></td></tr>\n" \
      [join $rows \n] "\n    </table>>\];\n"
}
append dot \n [join $edges \n] "\n\}\n"

write_page $out $dot
