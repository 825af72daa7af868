# Writes docs/schema.md from a database that the extension has made.
#
#   tclsh tools/mkschema.tcl ROOT BUILD ?FILE?
#
# ROOT is the checkout, BUILD the directory with tablao.so, FILE what is written
# (default: standard output). Needs Tcl's sqlite3 package, or the libtclsqlite
# that TABLAO_TCLSQLITE names.
#
# What it says of an object is the comment at its definition in ROOT, in sql/,
# sql/rules/ and views/ (the database itself has none):
#   table    the comment lines right above `CREATE TABLE name (`; of a column:
#            from where its name and a colon begin a line or follow a full stop, or the
#            comment behind it; instead of either, what a later migration says
#            behind `table:` or `table.name:`
#   view     the comment lines right above `CREATE VIEW name`, which may begin
#            with the name and a colon
#   trigger  those, or the comment lines that follow the line with `ON table`;
#            one on a view may go without, it is explained with the view
# and of what C adds a comment in ext/*.c that begins with
#   name(arguments): text     of a function
#   name: text                of a virtual table
# up to the first empty line of the comment. An object without is an error.

source [file join [file dirname [info script]] page.tcl]

proc die {message} {
  puts stderr "tablao: mkschema: $message"
  exit 1
}

if {[llength $argv] ni {2 3}} {die "tclsh tools/mkschema.tcl ROOT BUILD ?FILE?"}
lassign $argv root build file
if {[info exists env(TABLAO_TCLSQLITE)] && $env(TABLAO_TCLSQLITE) ne ""} {
  load $env(TABLAO_TCLSQLITE) Sqlite3
} else {
  package require sqlite3
}

set out {}
proc emit {args} {lappend ::out {*}$args}

# What stands in a cell of a table.
proc cell {text} {
  return [string map {| \\| \n { }} $text]
}

# The words of a comment line; 0 when it is none. A word to the tools is none to
# the reader.
proc comment_line {line wordsVar} {
  upvar 1 $wordsVar words
  if {![regexp {^\s*-- ?(.*)$} $line - words]} {return 0}
  if {[string match @* $words]} {set words ""}
  return 1
}

# name -> the lines of its comment
array set comments {}
# table, table.column -> what a later migration says of it
array set later {}

# Reads the comments of a file of SQL.
proc read_comments {path} {
  global comments later
  set channel [open $path r]
  fconfigure $channel -encoding utf-8
  set above {}
  set changed ""
  # The trigger whose header this is.
  set trigger ""
  foreach line [split [read $channel] \n] {
    if {[comment_line $line words]} {
      if {[regexp {^(\w+\.\w+|tablao_\w+): +(.*)$} $words - of text]
          && ([string match *.* $of] || [info exists comments($of)])} {
        set changed $of
        set later($changed) $text
      } elseif {$words ne "" && $changed ne ""} {
        append later($changed) [expr {[string match *.* $changed] ? " " : "\n"}]$words
      } elseif {$words ne ""} {
        lappend above $words
      } else {
        set changed ""
      }
      continue
    }
    set changed ""
    if {[regexp {^CREATE (?:UNIQUE )?(TABLE|VIEW|TRIGGER|INDEX) (\w+)} $line - \
             type name]} {
      set comments($name) $above
      set trigger [expr {$type eq "TRIGGER" ? $name : ""}]
    } elseif {$trigger ne "" && [regexp {^(WHEN|BEGIN)\y} $line]} {
      if {[llength $above]} {set comments($trigger) $above}
      set trigger ""
    }
    set above {}
  }
  close $channel
}
foreach pattern {sql/*.sql sql/rules/*.sql views/*.sql} {
  foreach path [lsort [glob -nocomplain [file join $root $pattern]]] {
    read_comments $path
  }
}
# The lines of the comment of a table, each column's words on lines of their own.
proc comment_lines {table} {
  split [regsub -all {\. (?=\w+: )} [join $::comments($table) \n] ".\n"] \n
}

# The comment of an object, without the lines that are its columns'.
proc comment_of {object {columns {}}} {
  global comments
  if {![info exists comments($object)]} {return ""}
  if {[info exists ::later($object)]} {return $::later($object)}
  set lines {}
  set all $comments($object)
  if {[llength $columns]} {set all [comment_lines $object]}
  foreach line $all {
    if {[regexp {^(\w+): } $line - name] && $name in $columns} break
    lappend lines $line
  }
  return [regsub "^$object: " [join $lines \n] {}]
}

# All that lack one are named at once, at the end.
set lacking {}
proc need {what comment} {
  if {$comment eq ""} {lappend ::lacking $what}
  return $comment
}

# --- Opening -----------------------------------------------------------------

sqlite3 plain :memory:
sqlite3 db :memory:
db enable_load_extension 1
set library [file join [file normalize $build] tablao]
if {[catch {db eval {SELECT load_extension($library)}} message]} {
  die "run make first: $message"
}
db eval {SELECT tablao_migrate()}

# --- Tables and their triggers -----------------------------------------------

proc columns_of {table} {
  db eval {SELECT name FROM pragma_table_info($table) ORDER BY cid}
}

# column -> comment
proc column_comments {table sql} {
  set columns [columns_of $table]
  set found {}
  set name ""
  if {[info exists ::comments($table)]} {
    foreach line [comment_lines $table] {
      if {[regexp {^(\w+): +(.*)$} $line - first words] && $first in $columns} {
        set name $first
        set line $words
      }
      if {$name ne ""} {dict lappend found $name $line}
    }
  }
  foreach line [split $sql \n] {
    if {[regexp {^\s*"?(\w+).*\s-- (.*)$} $line - name behind]
        && $name in $columns} {dict lappend found $name $behind}
  }
  foreach name $columns {
    if {[info exists ::later($table.$name)]} {dict set found $name [list $::later($table.$name)]}
  }
  return [dict map {name words} $found {join $words " "}]
}

proc default_words {value} {
  if {[string match *randomblob* $value]} {return "a random UUID"}
  if {[string match *strftime* $value]} {return now}
  return `$value`
}

proc describe_columns {table sql} {
  set comments [column_comments $table $sql]
  array set refers {}
  db eval {
    SELECT "from" AS name, "table" AS parent, on_delete
      FROM pragma_foreign_key_list($table)
  } {
    set refers($name) "-> $parent, [string tolower $on_delete]"
  }
  # Keys of one column; those of several stand below the columns.
  array set unique {}
  set keys {}
  set indexes {}
  db eval {
    SELECT name AS index_name, "unique" AS is_unique, origin, partial
      FROM pragma_index_list($table) ORDER BY seq DESC
  } {
    set columns [db eval {SELECT name FROM pragma_index_info($index_name)}]
    if {$is_unique && !$partial && [llength $columns]==1} {
      set unique([lindex $columns 0]) 1
    } elseif {$is_unique} {
      lappend keys [join $columns {, }]
    }
    if {$origin eq "c"} {lappend indexes `$index_name`}
  }
  emit "| column | type | default | |" |---|---|---|---|
  db eval {
    SELECT name, type, "notnull" AS is_needed, dflt_value, pk
      FROM pragma_table_info($table) ORDER BY cid
  } {
    set notes {}
    set alone [db one {SELECT count(*)=1 FROM pragma_table_info($table)
                        WHERE pk}]
    if {$pk && $alone} {lappend notes "primary key"}
    if {$pk && !$alone} {lappend notes "in the primary key"}
    if {[info exists unique($name)] && !$pk} {lappend notes unique}
    # What only triggers write, beginning at a default, is none, declared or not.
    if {!$is_needed && !$pk && ($dflt_value eq "" || ![string match tablao_* $table])} {
      lappend notes "may be NULL"
    }
    if {[info exists refers($name)]} {lappend notes $refers($name)}
    if {[dict exists $comments $name]} {
      lappend notes [dict get $comments $name]
    }
    set default ""
    if {$dflt_value ne ""} {set default [default_words $dflt_value]}
    # How the type is spelt depends on the version of SQLite.
    emit "| $name | [string tolower $type] | [cell $default] |\
        [cell [join $notes {; }]] |"
  }
  emit ""
  if {[llength $keys]} {emit "Unique: ([join $keys {), (}])." ""}
  if {[llength $indexes]} {emit "Indexes: [join $indexes {, }]." ""}
}

# Name, event and comment of the triggers of a table or view.
proc describe_triggers {table is_view} {
  set rows {}
  db eval {
    SELECT name, sql FROM sqlite_schema
     WHERE type='trigger' AND tbl_name=$table ORDER BY rowid
  } {
    if {![regexp {^CREATE TRIGGER \w+ (.*?)\s+ON (\w+)\s*?\n} $sql - \
              event on] || $on ne $table} {
      die "trigger $name: no ON $table at the end of a line"
    }
    set comment [comment_of $name]
    if {!$is_view} {need "trigger $name" $comment}
    lappend rows "| $name | [cell [regsub -all {\s+} $event { }]] |\
        [cell $comment] |"
  }
  if {[llength $rows]} {
    emit "| trigger | when | |" |---|---|---| {*}$rows ""
  }
}

proc describe_tables {pattern negate} {
  db eval {
    SELECT name, sql FROM sqlite_schema
     WHERE type='table' AND (name GLOB $pattern)<>CAST($negate AS INTEGER)
       AND name NOT GLOB 'sqlite_*'
     ORDER BY name
  } {
    emit "### $name" ""
    emit [need "table $name" [comment_of $name [columns_of $name]]] ""
    describe_columns $name $sql
    describe_triggers $name 0
  }
}

proc describe_views {pattern negate} {
  db eval {
    SELECT name, sql FROM sqlite_schema
     WHERE type='view' AND (name GLOB $pattern)<>CAST($negate AS INTEGER)
     ORDER BY name
  } {
    emit "### $name" ""
    emit [need "view $name" [comment_of $name]] ""
    emit "Columns: [join [db eval {
      SELECT name FROM pragma_table_info($name) ORDER BY cid
    }] {, }]." ""
    describe_triggers $name 1
  }
}

# --- What C adds -------------------------------------------------------------

# name -> {arguments text} of functions, and of virtual tables
array set functions {}
array set modules {}
foreach path [lsort [glob -nocomplain -directory [file join $root ext] *.c]] {
  set channel [open $path r]
  fconfigure $channel -encoding utf-8
  set source [read $channel]
  close $channel
  foreach comment [regexp -all -inline {/\*.*?\*/} $source] {
    set marks {^\s*(/\*|\*\*/?|\*/)[ \t]?|\s*\*/$}
    set text [string trim [regsub -all -line $marks $comment {}]]
    # The first paragraph.
    regsub {\n\s*\n.*$} $text {} text
    set text [regsub -all {\s*\n\s*} $text { }]
    if {[regexp {^(\w+)\(([^()]*)\): (.*)$} $text - name arguments words]} {
      set functions($name) [list $arguments $words]
    } elseif {[regexp {^(\w+): (.*)$} $text - name words]} {
      set modules($name) $words
    }
  }
}

# The names that the extension adds to a connection.
proc added {sql} {
  set known [plain eval $sql]
  return [lsort -unique [lmap name [db eval $sql] {
    if {$name in $known} continue
    set name
  }]]
}

proc sentence {text} {
  set text [string toupper [string index $text 0]][string range $text 1 end]
  if {![string match *. $text]} {append text .}
  return $text
}

proc describe_functions {} {
  global functions
  emit "| function | | may stand in |" |---|---|---|
  foreach name [added {SELECT name FROM pragma_function_list}] {
    if {![info exists functions($name)]} {
      need "function $name (in ext/)" ""
      continue
    }
    lassign $functions($name) arguments words
    set narg [db one {SELECT max(narg) FROM pragma_function_list
                       WHERE name=$name}]
    if {$narg>=0 && $narg!=[llength [split $arguments ,]]} {
      die "function $name takes $narg arguments, not ($arguments)"
    }
    set flags [db one {SELECT max(flags) FROM pragma_function_list
                        WHERE name=$name}]
    # SQLITE_DIRECTONLY and SQLITE_INNOCUOUS.
    if {$flags & 0x80000} {
      set where "statements"
    } elseif {$flags & 0x200000} {
      set where "statements, views, triggers, anything"
    } else {
      set where "statements, and in trusted schemas views and triggers"
    }
    emit "| $name\($arguments) | [cell [sentence $words]] | $where |"
  }
  emit ""
}

proc describe_modules {} {
  global modules
  foreach name [added {SELECT name FROM pragma_module_list}] {
    # Some of its own SQLite registers only when they are used.
    if {![catch {plain eval {SELECT 1 FROM pragma_table_xinfo($name)}} found]
        && [llength $found]} continue
    if {![info exists modules($name)]} {
      need "virtual table $name (in ext/)" ""
      continue
    }
    set columns {}
    set hidden {}
    db eval {
      SELECT name AS column, hidden AS is_hidden FROM pragma_table_xinfo($name)
       ORDER BY cid
    } {
      if {$is_hidden} {lappend hidden $column} else {lappend columns $column}
    }
    set head $name
    if {[llength $hidden]} {append head ([join $hidden {, }])}
    emit "### $head" "" [sentence $modules($name)] "" \
        "Columns: [join $columns {, }]." ""
  }
}

# --- The page ----------------------------------------------------------------

set version [db one {SELECT tablao_schema_version()}]
emit "# Schema" "" \
    "<!-- Made by `make docs` from the database itself: do not edit. -->" "" \
    "Version $version of the schema, as `tablao_migrate()` and `tablao.sql`" \
    "make it. Names that begin with `tablao_` are internal and may change, but for" \
    "`tablao_migrations` and the functions and virtual tables: \[versioning.md\](versioning.md);" \
    "all others stay." ""
emit "## Tables" ""
describe_tables tablao_* 1
emit "## Views" "" \
    "One with triggers is a door: writing to it does something." ""
describe_views tablao_* 1
emit "## Functions of the extension" ""
describe_functions
emit "## Virtual tables of the extension" ""
describe_modules
emit "## Internal tables" ""
describe_tables tablao_* 0
emit "## Internal views" "" \
    "Those with a trigger INSTEAD OF INSERT and no rows are what the triggers" \
    "share: an INSERT does what the view is named for." ""
describe_views tablao_* 0

if {[llength $lacking]} {die "no comment: [join $lacking {, }]"}

set text [string trimright [join $out \n]]\n

# Comments name pages of docs/, and sections of them: docs/rules.md, "Sleep".
proc anchor {title} {
  return [regsub -all {\s+} [regsub -all {[^\w\s-]} [string tolower $title] {}] -]
}
set linked ""
while {[regexp -indices {docs/(\w+\.md)(?:,\s+"([^"]+)")?} $text all page title]} {
  append linked [string range $text 0 [lindex $all 0]-1]
  set target [string range $text {*}$page]
  if {[lindex $title 0]<0} {
    append linked "\[$target\]($target)"
  } else {
    set title [string range $text {*}$title]
    append linked "\[$target, \"$title\"\]($target#[anchor $title])"
  }
  set text [string range $text [lindex $all 1]+1 end]
}
set text $linked$text

write_page $file $text
