#!/usr/bin/env tclsh
# Makes two more forms of the schema out of the script, for engines that
# replicate SQLite in other ways than by its file. See docs/distributed.md.
#
#   tclsh tools/mkengines.tcl OUTDIR
#
# reads   OUTDIR/tablao.sql
# writes  OUTDIR/tablao.json         a JSON array of its statements, triggers
#                                    whole, without the transaction around
#                                    them: for engines that take one at a time
#         OUTDIR/tablao-mirror.sql   its tables, indexes and those views that
#                                    are read, no triggers and no rows: for a
#                                    copy to which changes of rows are applied
#
# Where a statement ends, SQLite itself says (`complete`): hence Tcl's sqlite3
# package, which mksql.tcl does without.

package require Tcl 8.6
if {[catch {package require sqlite3} message]} {
  puts stderr "tablao: mkengines: Tcl's sqlite3 package is missing\
      (Debian: libsqlite3-tcl): $message"
  exit 1
}

proc die {message} {
  puts stderr "tablao: mkengines: $message"
  exit 1
}

# All or nothing, so that an interrupted build leaves no half file behind.
proc write_file {path text} {
  set channel [open $path.tmp w]
  fconfigure $channel -encoding utf-8 -translation lf
  puts -nonewline $channel $text
  close $channel
  file rename -force $path.tmp $path
}

# The statements of a script, each without the comment above it and without
# its closing semicolon, as SQLite stores them.
proc statements {script} {
  set found {}
  set text ""
  foreach line [split $script \n] {
    if {$text eq "" && [regexp {^\s*(--.*)?$} $line]} continue
    append text $line \n
    # A comment may follow the semicolon; a statement ends with its line.
    if {[db complete $text]} {
      regsub {;\s*(--[^\n]*)?\n$} $text {} text
      lappend found $text
      set text ""
    }
  }
  if {$text ne ""} {die "the script ends inside a statement: $text"}
  return $found
}

proc object {sql} {
  regexp -nocase {^CREATE\s+(?:UNIQUE\s+)?(TABLE|INDEX|VIEW|TRIGGER)\s+(\w+)} \
      $sql -> type name
  if {![info exists name]} {return {}}
  return [list [string tolower $type] $name]
}

if {$argc!=1} {
  puts stderr "tablao: usage: tclsh mkengines.tcl OUTDIR"
  exit 1
}
set outdir [lindex $argv 0]
set channel [open [file join $outdir tablao.sql]]
fconfigure $channel -encoding utf-8
set script [read $channel]
close $channel

sqlite3 db :memory:
set all {}
foreach sql [statements $script] {
  if {[regexp {^(BEGIN|COMMIT|ROLLBACK)\M|\mtablao_install} $sql]} continue
  if {[object $sql] eq "" && ![regexp {^(INSERT INTO|UPDATE|DELETE FROM|ALTER TABLE|DROP TABLE|DROP INDEX) } $sql]} {
    die "neither CREATE nor ALTER TABLE, DROP, INSERT, UPDATE, DELETE: [string range $sql 0 60]"
  }
  lappend all $sql
}

# --- The list ----------------------------------------------------------------

set lines {}
foreach sql $all {lappend lines [db onecolumn {SELECT json_quote($sql)}]}
write_file [file join $outdir tablao.json] "\[\n[join $lines ,\n]\n\]\n"

# --- The mirror --------------------------------------------------------------

# A view whose name says that it is Tablao's own affair stays only where one
# that is the API reads it. SQLite knows: without it, that one cannot be
# prepared any more.
set kept {}
foreach sql $all {
  lassign [object $sql] type name
  if {$type ni {table index view} && ![regexp {^(ALTER TABLE|DROP) } $sql]} continue
  db eval $sql
  if {$type ne ""} {dict set kept $name $sql}
}
# As they are in the end, after an ALTER TABLE or DROP.
set kept [dict filter $kept key {*}[db eval {SELECT name FROM sqlite_schema}]]
db eval {
  SELECT name, sql FROM sqlite_schema
   WHERE type IN ('table', 'index') AND name NOT GLOB 'sqlite_*'
} {dict set kept $name $sql}
set public [db eval {
  SELECT name FROM sqlite_schema WHERE type='view' AND name NOT GLOB 'tablao_*'
}]
proc all_prepare {} {
  foreach view $::public {
    if {[catch {db eval "SELECT * FROM $view LIMIT 0"}]} {return 0}
  }
  return 1
}
if {![all_prepare]} {die "a view of the script cannot be prepared"}
foreach name [db eval {
  SELECT name FROM sqlite_schema WHERE type='view' AND name GLOB 'tablao_*'
}] {
  db eval "SAVEPOINT one; DROP VIEW $name"
  if {[all_prepare]} {
    dict unset kept $name
  } else {
    db eval {ROLLBACK TO one}
  }
  db eval {RELEASE one}
}
db close

regexp {^-- Tablao (\S+):} $script -> version
set text "-- Tablao $version: a mirror of a farm, for reading.
--
-- The tables and the views of a farm, without its rules: changes of rows that
-- come from the farm already have in them what the rules made of them. Nobody
-- else may write here. It begins without rows. See docs/distributed.md.
-- DO NOT EDIT. Made by tools/mkengines.tcl of tablao.sql.

BEGIN IMMEDIATE;
"
dict for {name sql} $kept {append text "\n$sql;\n"}
append text "\nCOMMIT;\n"
write_file [file join $outdir tablao-mirror.sql] $text
