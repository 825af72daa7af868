# Writes docs/errors.md: every message of Tablao's own, what it means, what to do.
#
#   tclsh tools/mkerrors.tcl ROOT ?FILE?
#
# ROOT is the checkout, FILE what is written (default: standard output).
#
# The messages are those of the source: what RAISE says in sql/, views/ and what
# tools/mksql.tcl puts around them, and what ext/*.c makes errors of. What they
# mean is in tools/errors.txt, which has
#
#   ## SECTION           and text behind it
#   ### TITLE            an explanation, to the next title
#   ? PATTERN            the messages that it explains (of string match); first
#   text                 two paragraphs: what it means, what to do
#
# A message goes to the first pattern that it matches. One without explanation is
# an error, and so is a pattern that no message matches.

package require Tcl 8.6

source [file join [file dirname [info script]] page.tcl]

proc die {message} {
  puts stderr "tablao: mkerrors: $message"
  exit 1
}

if {$argc ni {1 2}} {die "tclsh tools/mkerrors.tcl ROOT ?FILE?"}
lassign $argv root file

proc text_of {path} {
  set channel [open $path]
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  return $text
}

# --- The messages ------------------------------------------------------------

set messages {}

# As a reader sees it: a name for the function, dots for what differs.
proc add {message} {
  regsub {^tablao: %s} $message {tablao: FUNCTION} message
  regsub -all {%[-0-9.]*l*[a-z]} $message ... message
  if {$message ni $::messages} {lappend ::messages $message}
}

foreach path [lsort [concat [glob $root/sql/*.sql] [glob $root/sql/*/*.sql] [glob $root/views/*.sql] [list $root/tools/mksql.tcl]]] {
  regsub -all -line -- {^\s*--.*$} [text_of $path] {} sql
  foreach {- message} [regexp -all -inline \
      {RAISE\s*\(\s*(?:ABORT|FAIL|ROLLBACK)\s*,\s*'((?:[^']|'')*)'} $sql] {
    add [string map {'' '} $message]
  }
}

# What makes an error of the text that it is given, and what it puts around it.
set makers {
  tablaoFail {%}
  sqlite3_result_error {%}
  storeRefuse {{tablao: %: ...}}
  queryRefuse {{tablao: job_query: %, not ...}}
  storeCheckType {{tablao: FUNCTION: %, not NULL} {tablao: FUNCTION: %, not a number: ...}}
}
# Variables with such a text, and what is put around that.
set carriers {
  util.c zWhy {tablao: FUNCTION: %}
  model.c zWhy {tablao: FUNCTION: the ... ... cannot be made anew, %: ...}
  job_query_vtab.c zWhat {tablao: job_query: %, not ...}
  store.c zWhat {tablao: %: ...}
  tablao.c {\*pzErrMsg} %
}
# These are what makers are made of.
set frames_only {
  {tablao: %s: %s} {tablao: %s: %s, not %s} {tablao: %s: %s, not NULL} {tablao: %s: %s, not a number: %s}
}

# The texts of literals that stand side by side: the first such group, or "".
proc first_literal {code} {
  set literal {"(?:[^"\\]|\\.)*"}
  if {![regexp "${literal}(?:\\s*${literal})*" $code group]} {return ""}
  set text ""
  foreach piece [regexp -all -inline $literal $group] {
    append text [string range $piece 1 end-1]
  }
  return [subst -nocommands -novariables $text]
}

# The arguments of a call that begins behind its opening bracket.
proc arguments {code from} {
  set depth 1
  set quoted 0
  for {set i $from} {$depth} {incr i} {
    switch -- [string index $code $i] {
      \\ {incr i}
      \" {set quoted [expr {!$quoted}]}
      ( {if {!$quoted} {incr depth}}
      ) {if {!$quoted} {incr depth -1}}
      {} {die "a call without an end"}
    }
  }
  return [string range $code $from $i-2]
}

foreach path [lsort [glob $root/ext/*.c]] {
  set name [file tail $path]
  set code [text_of $path]
  regsub -all {/\*.*?\*/} $code {} code
  foreach {maker frames} $makers {
    foreach match [regexp -all -indices -inline "\\m$maker\\(" $code] {
      set call [arguments $code [expr {[lindex $match 1]+1}]]
      # Its definition.
      if {[regexp {^\s*(TablaoOp|sqlite3_context) \*} $call]} continue
      set text [first_literal $call]
      if {$text eq "" && ![regexp {\mz(What|Err)\M} $call]} {
        die "$name: what does $maker say? $call"
      }
      # `%s` and nothing else passes on what somebody else says.
      if {$text in {"" %s} || $text in $frames_only} continue
      foreach frame $frames {add [string map [list % $text] $frame]}
    }
  }
  foreach {where variable frame} $carriers {
    if {$where ne $name} continue
    foreach match [regexp -all -indices -inline \
        "${variable} = (?:\[^\";\]|\"(?:\[^\"\\\\\]|\\\\.)*\")*;" $code] {
      set text [first_literal [string range $code {*}$match]]
      if {$text eq ""} continue
      add [string map [list % $text] $frame]
    }
  }
  # Nothing that looks like a message has been left out.
  foreach literal [regexp -all -inline {"tablao: (?:[^"\\]|\\.)*"} $code] {
    set begin [string map {\\\" \"} [string range $literal 1 end-1]]
    regsub {^tablao: %s} $begin {tablao: FUNCTION} begin
    regsub -all {%[-0-9.]*l*[a-z]} $begin ... begin
    if {[regexp {^tablao: (\w+: )?(\.\.\.(: \.\.\.|, not .*)?)?$} $begin]} continue
    if {[lsearch -glob $messages [string map {[ \\[ ? \\? * \\*} $begin]*]<0} {
      die "$name has a message that is not looked for: $literal"
    }
  }
}

# --- The page ----------------------------------------------------------------

set out {
{<!-- DO NOT EDIT. Made by tools/mkerrors.tcl of the source and tools/errors.txt: make docs. -->}
}
set explained {}
set used {}

# What is known of the explanation that is being read.
set title ""
set patterns {}
set text {}

proc emit {args} {lappend ::out {*}$args}

proc flush_entry {} {
  global title patterns text messages explained
  if {$title eq ""} return
  emit "### $title" ""
  set found {}
  foreach pattern $patterns {
    set n 0
    foreach message $messages {
      if {![string match $pattern $message]} continue
      incr n
      if {[dict exists $explained $message]} continue
      dict set explained $message $title
      lappend found $message
    }
    if {!$n} {die "errors.txt: no message is like '$pattern'"}
  }
  if {![llength $found]} {die "errors.txt: '$title' explains what is explained before"}
  foreach message $found {emit "- `$message`"}
  emit "" {*}$text
  set title ""
  set patterns {}
  set text {}
}

foreach line [split [string trimright [text_of $root/tools/errors.txt] \n] \n] {
  if {[regexp {^### (.*)$} $line -> next]} {
    flush_entry
    set title $next
  } elseif {[regexp {^## } $line]} {
    flush_entry
    emit $line
  } elseif {[regexp {^\? (.*)$} $line -> pattern]} {
    # Only * is one; messages have brackets.
    lappend patterns [string map {[ \\[ ] \\] ? \\?} $pattern]
  } elseif {$title ne ""} {
    lappend text $line
  } else {
    emit $line
  }
}
flush_entry

set missing {}
foreach message $messages {
  if {![dict exists $explained $message]} {lappend missing $message}
}
if {[llength $missing]} {
  die "tools/errors.txt does not explain:\n  [join $missing "\n  "]"
}

set page [string trimright [join $out \n] \n]\n
regsub -all {\n{3,}} $page "\n\n" page
write_page $file $page
