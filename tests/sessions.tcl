# Sessions as pages of the handbook show them: what is typed, and what comes back.
#
#   fenced_blocks TEXT            {LANGUAGE TEXT ...} of the fenced blocks of a page
#   make_checkout NAME            a folder with what sessions name (build, tests),
#                                 where they may leave databases behind
#   in_checkout FOLDER COMMAND    what a command prints there
#   run_sessions PREFIX FOLDER TEXT
#       a check PREFIX.N for each input of a console block; returns their number.
#       `$ sqlite3 FILE` begins a session with the shell, typed at `sqlite> ` and
#       `   ...> `; other lines with `$ ` are commands of their own
#   loadable_python               a Python that can load extensions, or ""

proc fenced_blocks {text} {
  set blocks {}
  foreach {- language text} [regexp -all -inline -line \
      {^```(\w+)\n((?:(?!```).*\n)*)```$} $text] {
    lappend blocks $language $text
  }
  return $blocks
}

proc make_checkout {name} {
  set folder [tmp_path $name]
  file mkdir $folder
  file link [file join $folder build] $tester::build
  file link [file join $folder tests] $tester::dir
  return $folder
}

proc in_checkout {folder args} {
  set from [pwd]
  cd $folder
  set code [catch {exec -ignorestderr {*}$args 2>@1} output]
  cd $from
  if {$code} {
    regsub {\n?child process exited abnormally$} $output {} output
  }
  return $output
}

# What one input to the sqlite3 shell prints, in the words of an interactive
# shell: others name a line, and old ones lack the code.
proc answer {folder database commands input} {
  set said [in_checkout $folder sqlite3 -batch -init /dev/null $database \
      <<[join [concat $commands [list $input]] \n]\n]
  regsub {^(?:Runtime error|Error):? near line \d+: } $said \
      {Runtime error: } said
  regsub { \(19\)$} $said {} said
  return $said
}

# A session is a list: the database, then inputs and their outputs in turn. A
# shell command is a session of its own, without a database.
proc sessions {text} {
  set sessions {}
  foreach line [split [string trimright $text \n] \n] {
    if {[regexp {^\$ sqlite3 (\S+)$} $line -> database]} {
      lappend sessions [list $database]
    } elseif {[regexp {^\$ (.*)$} $line -> command]} {
      lappend sessions [list {} $command {}]
    } elseif {[regexp {^sqlite> (.*)$} $line -> input]} {
      lset sessions end [concat [lindex $sessions end] [list $input {}]]
    } elseif {[regexp {^   \.\.\.> (.*)$} $line -> input]} {
      set session [lindex $sessions end]
      lset session end-1 [lindex $session end-1]\n$input
      lset sessions end $session
    } else {
      set session [lindex $sessions end]
      lset session end [string trimleft "[lindex $session end]\n$line" \n]
      lset sessions end $session
    }
  }
  return $sessions
}

proc run_sessions {prefix folder text} {
  set n 0
  foreach session [sessions $text] {
    set rest [lassign $session database]
    set commands {}
    foreach {input output} $rest {
      incr n
      if {$database eq ""} {
        do_test $prefix.$n { in_checkout $folder sh -c $input } $output
        continue
      }
      regsub { \(19\)$} $output {} output
      do_test $prefix.$n { answer $folder $database $commands $input } $output
      if {[string match .* $input]} {lappend commands $input}
    }
  }
  return $n
}

# Looked for in the same places by tools/setup.sh.
proc loadable_python {} {
  foreach try {python3 /usr/bin/python3} {
    if {![catch {
      exec $try -c {import sqlite3; sqlite3.Connection.enable_load_extension}
    }]} {
      return $try
    }
  }
  return ""
}
