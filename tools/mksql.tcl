#!/usr/bin/env tclsh
# Makes one C header and one SQL script of sql/, views/ and VERSION.
#
#   tclsh tools/mksql.tcl TOP OUTDIR
#
# reads   TOP/VERSION, TOP/sql/NNNN_name.sql, TOP/sql/rules/*.sql,
#         TOP/sql/observed/*.sql, TOP/views/*.sql, TOP/sql/adopt/*.sql,
#         TOP/sql/rules/story.txt
# writes  OUTDIR/tablao_sql.h   what ext/schema.c embeds
#         OUTDIR/tablao.sql     the schema of an own farm, for any client
#
# There are two kinds of farm, and what stands where belongs to
#   sql/NNNN_name.sql  tables, indexes           an own farm
#   sql/rules/         views, triggers           an own farm
#   sql/observed/      indexes, views, triggers  an observed farm
#   views/             views: both, triggers: an own farm; a view that shows
#                      nothing (SELECT NULL ... WHERE 0) is there for its
#                      triggers, so an own farm, too
# unless a comment above the statement has a line `-- @own` or `-- @both`; or a
# comment of a file that stands alone, for all that follows there. In what
# belongs to both, a line that ends in `-- @own` or `-- @observed` is one of
# that kind only; behind CREATE, all of it is.
#
# Both files depend on the bytes of the input alone. The input's form:
#   - A migration is run once and never changed: its checksum is stored. It
#     holds no view, no trigger, no transaction and no pragma.
#   - Views, triggers and the indexes of sql/observed/ start with `CREATE VIEW
#     name`, `CREATE TRIGGER name`, `CREATE INDEX name` at the left edge. A
#     trigger ends at a line that is exactly `END;`, the others at a line that
#     ends in `;`. Comments are `--`, between and inside.
#   - `-- @statuses job` (task, worker) stands before the `NOT IN (...)`,
#     or `instr('''a''a''b''b', quote(x) || x)`, whose strings are the valid
#     statuses, in the latter each twice. Where a kind's list stands more than once,
#     the lists must be the same.
#   - sql/adopt/*.sql are what the extension runs on a database of Flamenco's.
#     They go into the header as they are, and not into the script.
#   - sql/rules/story.txt stands at the head of the script; all of it is comment.
#
# Text is handled as bytes: what SQLite stores and what is hashed are bytes.

proc die {file line message} {
  if {$line ne ""} {append file ":$line"}
  puts stderr "tablao: $file: $message"
  exit 1
}

proc read_bytes {path} {
  if {[catch {open $path rb} channel]} {die $path "" "cannot be read"}
  set data [read $channel]
  close $channel
  return $data
}

# All or nothing, so that an interrupted build leaves no half file behind.
proc write_bytes {path data} {
  set channel [open $path.tmp wb]
  puts -nonewline $channel $data
  close $channel
  file rename -force $path.tmp $path
}

proc sha256 {path} {
  foreach command {{sha256sum} {shasum -a 256} {openssl dgst -sha256 -r}} {
    if {![catch {exec {*}$command < $path 2>@1} out]} {
      if {[regexp {^[0-9a-f]{64}} $out sum]} {return $sum}
    }
  }
  die $path "" "no sha256sum, shasum or openssl to hash it with"
}

# A source file, checked for what no SQL file of ours may hold.
proc read_sql {top name} {
  set text [read_bytes [file join $top $name]]
  if {$text eq ""} {die $name "" "is empty"}
  set n 0
  foreach line [split $text \n] {
    incr n
    if {[string first \r $line]>=0} {die $name $n "ends in CR LF, not LF"}
    if {[string first \0 $line]>=0} {die $name $n "holds a NUL byte"}
    if {[string first \t $line]>=0} {die $name $n "holds a tab"}
  }
  if {[string index $text end] ne "\n"} {die $name $n "lacks its line end"}
  return $text
}

# The line without its `--` comment and trailing blanks. $quote carries an
# open string or quoted name over to the next line.
proc strip_comment {line quoteVar} {
  upvar 1 $quoteVar quote
  set n [string length $line]
  for {set i 0} {$i<$n} {incr i} {
    set c [string index $line $i]
    if {$quote ne ""} {
      if {$c eq $quote} {set quote ""}
    } elseif {$c eq "'" || $c eq "\""} {
      set quote $c
    } elseif {$c eq "-" && [string index $line $i+1] eq "-"} {
      return [string trimright [string range $line 0 $i-1]]
    }
  }
  return [string trimright $line]
}

# The word of a comment that is a mark: "own", "both"; else empty.
proc mark {line} {
  regexp {^\s*-- @(own|both)\s*$} $line -> word
  return [expr {[info exists word] ? $word : ""}]
}

# Refuses what would not run, or not only once, inside a migration. Returns
# its pieces: {kinds text ...}, which together are the text.
proc read_migration {name text} {
  set n 0
  set quote ""
  set start 1          ;# at the start of a statement
  set started 0        ;# its line
  set pieces {}
  set piece {}         ;# lines behind the last statement
  set all own          ;# the kind of a statement without a mark
  set kinds ""
  foreach line [split [string range $text 0 end-1] \n] {
    incr n
    lappend piece $line
    if {$start && [mark $line] ne ""} {set kinds [mark $line]}
    if {$start && $line eq "" && $kinds ne ""} {
      set all $kinds
      set kinds ""
    }
    set inside [expr {$quote ne ""}]
    set code [strip_comment $line quote]
    if {[string trim $code] eq "" && !$inside} continue
    if {$start} {
      set started $n
      set head [string toupper [string trim $code]]
      if {[regexp {^(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\M} $head w]} {
        die $name $n "$w: a migration runs in its runner's transaction"
      }
      if {[regexp {^(PRAGMA|VACUUM|ATTACH|DETACH)\M} $head w]} {
        die $name $n "$w has no place in a migration"
      }
      if {[regexp {^CREATE\s+(TEMP\s+|TEMPORARY\s+)?(VIEW|TRIGGER)\M} $head]} {
        die $name $n "views and triggers stand in sql/rules/ and views/"
      }
    }
    set start [expr {$quote eq "" && [string index $code end] eq ";"}]
    if {$start} {
      if {$kinds eq ""} {set kinds $all}
      # Neighbours of one kind are one piece.
      if {[llength $pieces] && [lindex $pieces end-1] eq $kinds} {
        lset pieces end [lindex $pieces end][join $piece \n]\n
      } else {
        lappend pieces $kinds [join $piece \n]\n
      }
      set piece {}
      set kinds ""
    }
  }
  if {$started==0} {die $name "" "holds no statement"}
  if {!$start} {die $name $started "statement without a closing ;"}
  if {[llength $piece]} {
    lset pieces end [lindex $pieces end][join $piece \n]\n
  }
  return $pieces
}

# Appends {kinds type name sql comment} of each statement of a file to the
# list `objects`; one that is not the same in both kinds comes twice. sql is
# the text that SQLite keeps in sqlite_schema. `where` is the kind of what
# stands there: own, observed, or view.
proc read_objects {name text types where} {
  set n 0
  set type ""
  set comment ""
  set kinds ""
  set file ""
  set quote ""
  foreach line [split $text \n] {
    incr n
    if {$type eq ""} {
      # Between statements: comments belong to the statement right below.
      if {[string trim $line] eq ""} {
        if {$kinds ne ""} {
          set where $kinds
          set file $kinds
        }
        set comment ""
        set kinds ""
        continue
      }
      if {[mark $line] ne ""} {
        set kinds [mark $line]
        continue
      }
      if {[string match {--*} [string trim $line]]} {
        append comment [string trim $line] \n
        continue
      }
      if {![regexp {^CREATE (VIEW|TRIGGER|INDEX) ([a-z][a-z0-9_]*)\M} $line \
                 -> type object]} {
        die $name $n "expected CREATE [join $types { or CREATE }]\
            and a name, at the left edge"
      }
      set type [string tolower $type]
      if {[string toupper $type] ni $types} {
        die $name $n "a $type has no place here"
      }
      if {[regexp {^(.*?)\s*-- @(own|observed)$} $line -> line kinds]} {}
      set started $n
      set body {}
      set quote ""
    } elseif {$quote eq "" && [regexp {^CREATE (VIEW|TRIGGER|INDEX) } $line]} {
      # Without this, the missing end swallows the next statement.
      die $name $started "$type $object lacks its end\
          ([expr {$type eq "trigger" ? "END;" : "a line ending in ;"}])"
    }
    lappend body $line
    set code [strip_comment $line quote]
    if {$quote ne ""} continue
    if {$type eq "trigger" ? $line eq "END;" : [string index $code end] eq ";"} {
      if {$type ne "trigger" && $code ne $line} {
        # SQLite would store the text up to the ; and drop what is behind.
        die $name $n "text behind the closing ;"
      }
      if {$kinds eq "" && $where eq "view"} {
        set kinds [expr {$type eq "trigger" || [is_empty $body] ? "own" : "both"}]
      } elseif {$kinds eq ""} {
        set kinds $where
      }
      set own [of_kind $body own]
      set observed [of_kind $body observed]
      if {$kinds ne "both" && ($own ne $body || $observed ne $body)} {
        die $name $started "$object is of one kind, so no line of it needs a mark"
      }
      if {$kinds eq "both" && $own eq $observed} {
        add_object $name:$started {own observed both} $type $object $own $comment
      } elseif {$kinds eq "both"} {
        add_object $name:$started {own both} $type $object $own $comment
        add_object $name:$started {observed both} $type $object $observed $comment
      } else {
        # Part of a file that is both kinds', if not itself.
        if {$file eq "both"} {lappend kinds both}
        add_object $name:$started $kinds $type $object $body $comment
      }
      set type ""
      set comment ""
      set kinds ""
    }
  }
  if {$type ne ""} {
    die $name $started "$type $object lacks its end\
        ([expr {$type eq "trigger" ? "END;" : "a line ending in ;"}])"
  }
}

proc add_object {at kinds type object body comment} {
  global objects seen
  foreach kind $kinds {
    if {$kind eq "both"} continue
    if {[info exists seen($kind,$object)]} {
      die {*}[split $at :] "$object exists already, at $seen($kind,$object)"
    }
    set seen($kind,$object) $at
  }
  # Without the comments inside, which other programs that read the schema trip
  # over, and every connection would have to.
  set code [lsearch -all -inline -not -regexp $body {^\s*--( |$)}]
  set sql [string trimright [string range [join $code \n] 0 end-1]]
  lappend objects [list $kinds $type $object $sql $comment]
}

# True if a view shows nothing, which is what it is for its triggers' sake.
proc is_empty {body} {
  return [regexp {^SELECT NULL(, NULL)* WHERE 0;$} [lindex $body end]]
}

# The lines that a kind of farm has, without their marks.
proc of_kind {body kind} {
  set lines {}
  foreach line $body {
    if {[regexp {^(.*?)\s*-- @(own|observed)$} $line -> text only]} {
      if {$only ne $kind} continue
      set line $text
    }
    lappend lines $line
  }
  return $lines
}

# Fills the array `statuses` (kind -> list) from the marked lists of a file.
proc read_statuses {name text} {
  global statuses statuses_at
  set from 0
  while {[regexp -indices -start $from -line {^ *-- @statuses *(.*)$} \
            $text all word]} {
    set n [llength [split [string range $text 0 [lindex $all 0]] \n]]
    set kind [string trim [string range $text {*}$word]]
    if {$kind ni {job task worker}} {
      die $name $n "@statuses of job, task or worker, not '$kind'"
    }
    set from [expr {[lindex $all 1]+1}]
    set rest [string range $text $from end]
    if {[regexp -indices -line {^ *-- @statuses} $rest next]} {
      set rest [string range $rest 0 [lindex $next 0]-1]
    }
    if {[regexp {^[\sA-Z]*instr\('(''[^()]*)', quote\(([\w.]+)\) \|\| ([\w.]+)\)} $rest - inner x y]} {
      # Within a string each quote is two.
      set list {}
      foreach {quoted status} [lrange [split [string map {'' \0} $inner] \0] 1 end] {
        if {$quoted ne $status || $x ne $y} {
          die $name $n "the list of @statuses $kind is not one of pairs"
        }
        lappend list '$status'
      }
      set inner [join $list ", "]
    } elseif {![regexp {\mNOT IN\s*\(([^()]*)\)} $rest -> inner]} {
      die $name $n "no NOT IN (...) follows @statuses $kind"
    }
    if {![regexp {^\s*'[^']*'(\s*,\s*'[^']*')*\s*$} $inner]} {
      die $name $n "the list of @statuses $kind is not one of plain strings"
    }
    set list {}
    foreach {- status} [regexp -all -inline {'([^']*)'} $inner] {
      if {$status in $list} {
        die $name $n "@statuses $kind names '$status' twice"
      }
      lappend list $status
    }
    if {[info exists statuses($kind)]} {
      if {[lsort $statuses($kind)] ne [lsort $list]} {
        die $name $n "@statuses $kind differs from $statuses_at($kind)"
      }
    } else {
      set statuses($kind) $list
      set statuses_at($kind) $name:$n
    }
  }
}

# A C string literal, one line of source per line of text. Every ? is escaped
# since C11 still has trigraphs; other bytes than ASCII become octal.
proc c_string {text {indent "    "}} {
  set out {}
  set lines [split $text \n]
  set last [lindex $lines end]
  foreach line [lrange $lines 0 end-1] {lappend out [c_escape $line]\\n}
  if {$last ne "" || ![llength $out]} {lappend out [c_escape $last]}
  set quoted {}
  foreach line $out {lappend quoted "$indent\"$line\""}
  return [join $quoted \n]
}

proc c_escape {line} {
  set line [string map {\\ \\\\ \" \\\" ? \\?} $line]
  if {[regexp {[^ -~]} $line]} {
    set out ""
    foreach c [split $line ""] {
      scan $c %c code
      append out [expr {$code<32 || $code>126 ? [format {\%03o} $code] : $c}]
    }
    set line $out
  }
  return $line
}

proc sorted_glob {top pattern} {
  set names {}
  foreach path [glob -nocomplain -directory $top $pattern] {
    lappend names [file join [file dirname $pattern] [file tail $path]]
  }
  return [lsort $names]
}

# --- Read ------------------------------------------------------------------

if {$argc!=2} {
  puts stderr "tablao: usage: tclsh mksql.tcl TOP OUTDIR"
  exit 1
}
lassign $argv top outdir

set version [string trimright [read_bytes [file join $top VERSION]] \n]
if {![regexp {^\d+\.\d+\.\d+$} $version]} {
  die VERSION 1 "not a version like 0.1.0: '$version'"
}

set migrations {}      ;# {number label checksum text name pieces}
set objects {}         ;# {kinds type name sql comment}; kinds: own, observed,
                       ;# and both if the other kind has it or its file, too
set scripts {}         ;# {name text}
set expected 1
foreach name [sorted_glob $top sql/*.sql] {
  set tail [file tail $name]
  set text [read_sql $top $name]
  if {[regexp {^(\d{4})_([a-z0-9_]+)\.sql$} $tail -> digits label]} {
    scan $digits %d number
    if {$number<$expected} {
      die $name "" "a second migration $digits"
    } elseif {$number>$expected} {
      die $name "" [format "migration %04d is missing before it" $expected]
    }
    incr expected
    set pieces [read_migration $name $text]
    lappend migrations \
        [list $number $label [sha256 [file join $top $name]] $text $name $pieces]
  } else {
    die $name "" "not a migration, NNNN_name.sql"
  }
}
if {![llength $migrations]} {die [file join $top sql] "" "has no migration"}
foreach name [sorted_glob $top sql/adopt/*.sql] {
  lappend scripts \
      [list adopt_[file rootname [file tail $name]] [read_sql $top $name]]
}
foreach {pattern types where} {
  sql/rules/*.sql    {VIEW TRIGGER}        own
  sql/observed/*.sql {INDEX VIEW TRIGGER}  observed
  views/*.sql        {VIEW TRIGGER}        view
} {
  foreach name [sorted_glob $top $pattern] {
    set text [read_sql $top $name]
    read_objects $name $text $types $where
    read_statuses $name $text
  }
}
foreach kind {job task worker} {
  if {![info exists statuses($kind)]} {
    die {sql/ and views/} "" "no list is marked -- @statuses $kind"
  }
}

set story [read_sql $top sql/rules/story.txt]
set n 0
foreach line [split [string range $story 0 end-1] \n] {
  incr n
  if {![regexp {^--( |$)} $line]} {
    die sql/rules/story.txt $n "not a comment, and no more belongs here"
  }
}

# Views before triggers: an INSTEAD OF trigger needs its view. The order of
# views is that of file names, then that of the file. Triggers are made in the
# opposite order, since SQLite fires the newest first: so they fire in the order
# in which they are read.
set ordered {}
foreach type {index view} {
  foreach object $objects {
    if {[lindex $object 1] eq $type} {lappend ordered $object}
  }
}
foreach object [lreverse $objects] {
  if {[lindex $object 1] eq "trigger"} {lappend ordered $object}
}

# --- The header ------------------------------------------------------------

set h {/*
** DO NOT EDIT. Made by tools/mksql.tcl of sql/, views/ and VERSION.
**
** Include it in ext/schema.c only: what it defines is static.
*/
}
append h "#define TABLAO_VERSION \"$version\"\n\n"
append h {/* The migrations, in the order to run them. */
static const struct TablaoMigration {
  int iVersion;             /* 1, 2, 3, ... without gaps */
  const char *zName;        /* file name without number and suffix */
  const char *zChecksum;    /* SHA-256 of the file, lower case hex */
} aTablaoMigration[] = }
append h "\{\n"
foreach migration $migrations {
  lassign $migration number label sum
  append h "  \{ $number, \"$label\",\n    \"$sum\" \},\n"
}
append h "\};\n#define TABLAO_N_MIGRATION [llength $migrations]\n\n"
append h {/* Their statements: the pieces of a migration together are its file. */
static const struct TablaoPiece {
  int iVersion;
  int bBoth;                /* 0: only an own farm has it */
  const char *zSql;
} aTablaoPiece[] = }
append h "\{\n"
set n 0
foreach migration $migrations {
  foreach {kinds text} [lindex $migration 5] {
    incr n
    append h "  \{ [lindex $migration 0], [expr {$kinds eq "both"}],\n" \
        "[c_string $text] \},\n"
  }
}
append h "\};\n#define TABLAO_N_PIECE $n\n\n"
append h {/* Indexes, views, then triggers, as sqlite_schema holds them, in creation
** order. */
static const struct TablaoObject {
  int mKind;                /* TABLAO_OWN, TABLAO_OBSERVED, TABLAO_BOTH */
  const char *zType;        /* "index", "view" or "trigger" */
  const char *zName;
  const char *zSql;         /* without the closing semicolon */
} aTablaoObject[] = }
append h "\{\n"
foreach object $ordered {
  lassign $object kinds type name sql
  set mask 0
  foreach kind $kinds {incr mask [dict get {own 1 observed 2 both 4} $kind]}
  append h "  \{ $mask, \"$type\", \"$name\",\n[c_string $sql] \},\n"
}
append h "\};\n#define TABLAO_N_OBJECT [llength $ordered]\n\n"
append h {/* What is run on a database of Flamenco's; NULL behind the last. */
static const struct TablaoScript {
  const char *zName;        /* file name without suffix */
  const char *zSql;         /* the whole file */
} aTablaoScript[] = }
append h "\{\n"
foreach script $scripts {
  lassign $script name text
  append h "  \{ \"$name\",\n[c_string $text] \},\n"
}
append h "  \{ 0, 0 \}\n\};\n"
foreach {kind title} {job Job task Task worker Worker} {
  append h "\n/* From $statuses_at($kind) */\n" \
      "static const char *const azTablao${title}Status\[\] = \{\n"
  foreach status $statuses($kind) {
    append h "  \"[c_escape $status]\",\n"
  }
  append h "  0\n\};\n"
}

# --- The script ------------------------------------------------------------

set s "-- Tablao $version: the schema of a render farm in an SQLite database.\n"
append s {--
-- Run it once, on a new database, stopping at the first error:
--   sqlite3 -bail farm.db <tablao.sql
-- The extension (tablao.so) does the same with SELECT tablao_migrate().
-- DO NOT EDIT. Made by tools/mksql.tcl of sql/ and views/.
--
}
append s $story
# What it makes, all told, so that it can tell at its end whether it did.
set made 0
foreach migration $migrations {
  set text [lindex $migration 3]
  incr made [regexp -all -line {^CREATE (UNIQUE )?(TABLE|INDEX)\M} $text]
  incr made -[regexp -all -line {^DROP (TABLE|INDEX)\M} $text]
}
incr made [llength [lsearch -all -glob [lmap object $ordered {lindex $object 0}] *own*]]
append s {
-- Where this is no place for a new farm, a client that stops at an error stops
-- here, and has no transaction open. For one that goes on, the savepoint is one
-- where BEGIN has failed because another process was writing.
BEGIN IMMEDIATE;
SAVEPOINT tablao_install;
CREATE VIEW tablao_install (version, taken) AS
SELECT NULL, NULL WHERE 0;
CREATE TRIGGER tablao_install_insert INSTEAD OF INSERT ON tablao_install
BEGIN
  SELECT RAISE(ROLLBACK, 'tablao: SQLite 3.37.0 or later is needed; SELECT sqlite_version() says what this is')
  WHERE @OLD@;
  SELECT RAISE(ROLLBACK, 'tablao: this database has a farm, or tables with names of a farm: tablao.sql makes a new farm, in a file of its own')
  WHERE NEW.taken > 0;
END;
INSERT INTO tablao_install (version, taken)
SELECT sqlite_version(), count(*) FROM sqlite_master
WHERE name IN ('tablao_migrations', 'jobs', 'tasks', 'workers');
ROLLBACK;

-- One that goes on, like the shell without -bail, comes to the INSERT before
-- COMMIT, which takes everything back unless all of it was made. What it needs is
-- made just there: whoever has written anything has the lock by then.
BEGIN IMMEDIATE;
SAVEPOINT tablao_install;
CREATE VIEW tablao_install_begun AS SELECT 1;
}
set old {(NEW.version GLOB '3.*' AND CAST(substr(NEW.version, 3) AS INTEGER) < 37)}
set s [string map [list @OLD@ $old] $s]
foreach migration $migrations {
  lassign $migration number label sum text name
  append s "\n-- === $name\n$text\n" \
      "INSERT INTO tablao_migrations(version, name, checksum, applied_at)\n" \
      "VALUES ($number, '$label',\n  '$sum',\n" \
      "  strftime('%Y-%m-%d %H:%M:%f+00:00'));\n"
}
append s "\n-- === views, then triggers\n"
set names {}
foreach object $ordered {
  lassign $object kinds type name sql comment
  if {"own" ni $kinds} continue
  lappend names $name
  append s "\n$comment$sql;\n"
}
append s "\nINSERT INTO tablao_objects(name) VALUES\n  ('[join $names \
    "'),\n  ('"]');\n"
append s [string map [list @MADE@ $made @OLD@ $old] {
CREATE VIEW tablao_install (version, made) AS
SELECT NULL, NULL WHERE 0;
CREATE TRIGGER tablao_install_insert INSTEAD OF INSERT ON tablao_install
WHEN NEW.made <> @MADE@ OR @OLD@
BEGIN
  SELECT RAISE(ROLLBACK, 'tablao: nothing was installed, and the database is as it was: see the first error');
END;
INSERT INTO tablao_install (version, made)
SELECT sqlite_version(), count(*) FROM sqlite_master
WHERE sql IS NOT NULL AND name NOT IN ('tablao_install', 'tablao_install_insert')
  AND rowid > (SELECT rowid FROM sqlite_master WHERE name = 'tablao_install_begun');
DROP VIEW IF EXISTS tablao_install_begun;
DROP VIEW IF EXISTS tablao_install;

COMMIT;
}]

file mkdir $outdir
# The header first: the Makefile takes it for the source of the script.
write_bytes [file join $outdir tablao_sql.h] $h
write_bytes [file join $outdir tablao.sql] $s
