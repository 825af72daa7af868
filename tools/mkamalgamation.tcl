#!/usr/bin/env tclsh
# Makes the amalgamation: the extension as one C file.
#
#   tclsh tools/mkamalgamation.tcl TOP BUILD OUTDIR
#
# reads   TOP/ext/*.c, TOP/ext/tablao.h, TOP/VERSION, BUILD/tablao_sql.h,
#         BUILD/tablao.sql, BUILD/include/tablao.h
# writes  OUTDIR/tablao.c      needs only SQLite's headers
#         OUTDIR/tablao.h      the public header
#         OUTDIR/tablao.sql
#
# The files of ext/ share one namespace already (a static function is named
# after its file), so they only have to be put one behind the other: the
# header, tablao.c for its SQLITE_EXTENSION_INIT1, then the others by name.

proc die {message} {
  puts stderr "tablao: mkamalgamation: $message"
  exit 1
}

proc read_bytes {path} {
  if {[catch {open $path rb} channel]} {die "$path cannot be read"}
  set data [read $channel]
  close $channel
  return $data
}

proc write_bytes {path data} {
  set channel [open $path.tmp wb]
  puts -nonewline $channel $data
  close $channel
  file rename -force $path.tmp $path
}

proc banner {text} {
  set line "/************** $text "
  return "$line[string repeat * [expr {max(0, 78-[string length $line])}]]/\n"
}

# One file, with our own headers in the place of their #include, once each.
proc inline {name path} {
  global headers seen
  set out [banner "Begin file $name"]
  foreach line [split [string trimright [read_bytes $path] \n] \n] {
    if {![regexp {^\s*#\s*include\s*"([^"]+)"} $line - header]
     || $header eq "sqlite3ext.h"} {
      append out $line \n
    } elseif {![dict exists $headers $header]} {
      die "$name includes $header, which is not known here"
    } elseif {![info exists seen($header)]} {
      set seen($header) 1
      append out [inline {*}[dict get $headers $header]]
      append out [banner "Continuing with $name"]
    }
  }
  append out [banner "End of $name"]
  return $out
}

if {[llength $argv]!=3} {die "usage: mkamalgamation.tcl TOP BUILD OUTDIR"}
lassign $argv top build out
set version [string trim [read_bytes [file join $top VERSION]]]
set headers [dict create \
    tablao.h [list ext/tablao.h [file join $top ext tablao.h]] \
    tablao_sql.h [list tablao_sql.h [file join $build tablao_sql.h]]]

set names [lsort [glob -tails -directory [file join $top ext] *.c]]
if {"tablao.c" ni $names} {die "ext/tablao.c is missing"}
set names [linsert [lsearch -all -inline -not -exact $names tablao.c] 0 tablao.c]

set text [string map [list @VERSION@ $version] {/*
** Tablao @VERSION@, the amalgamation: a render farm in an SQLite database.
** Made by tools/mkamalgamation.tcl of the files named below: DO NOT EDIT.
**
** It needs nothing but the C library and SQLite's headers (sqlite3ext.h and
** sqlite3.h, 3.37 or later). As a loadable extension:
**
**   cc -O2 -DNDEBUG -fPIC -shared -o tablao.so tablao.c
**
** Linked statically, tablao.h says how:
**
**   cc -O2 -DNDEBUG -DSQLITE_CORE -c tablao.c
**
** Copyright the Tablao authors. MIT license:
**
}]
foreach line [split [string trim [read_bytes [file join $top LICENSE]]] \n] {
  append text [string trimright "** $line"] \n
}
append text "*/\n"
foreach name $names {append text [inline ext/$name [file join $top ext $name]]}

file mkdir $out
write_bytes [file join $out tablao.c] $text
write_bytes [file join $out tablao.h] \
    [read_bytes [file join $build include tablao.h]]
write_bytes [file join $out tablao.sql] [read_bytes [file join $build tablao.sql]]
