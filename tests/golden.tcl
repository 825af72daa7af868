# Writes the golden dump of the schema: `make golden`, see golden.test.
#
#   tclsh tests/golden.tcl TABLAO.SQL
#
# Tables and indexes are the file format, and stand there whole. Of views there
# are the columns, of triggers what they wait for: what these do is tested.

package require sqlite3

proc golden_dump {db} {
  set lines {}
  $db eval {
    SELECT type, name, tbl_name, sql FROM sqlite_schema
    WHERE name NOT GLOB 'sqlite_*'
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2
      WHEN 'view' THEN 3 ELSE 4 END, name
  } {
    switch $type {
      view {
        set columns [$db eval {SELECT name FROM pragma_table_xinfo($name)}]
        lappend lines "CREATE VIEW $name ([join $columns {, }]);"
      }
      trigger {
        regsub {(?s)\s*\n(--|WHEN|BEGIN).*} $sql {} sql
        regsub -all {\s+} $sql " " sql
        lappend lines "$sql;"
      }
      default {lappend lines $sql\;}
    }
  }
  return [join $lines \n]\n
}

if {[info exists argv0] && [file tail $argv0] eq "golden.tcl"} {
  set channel [open [lindex $argv 0]]
  fconfigure $channel -encoding utf-8
  sqlite3 golden :memory:
  golden eval [read $channel]
  close $channel
  fconfigure stdout -encoding utf-8 -translation lf
  puts -nonewline [golden_dump golden]
}
