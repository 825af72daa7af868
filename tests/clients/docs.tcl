# Puts the table of the last run of all clients into a page.
#
#   tclsh tests/clients/docs.tcl BUILD/clients/table.md docs/clients.md
#
# It replaces what stands between <!-- results --> and <!-- /results -->.

lassign $argv from to

proc read_text {path} {
  if {[catch {open $path} channel]} {
    puts stderr "tablao: cannot read $path: run make test-clients first"
    exit 1
  }
  fconfigure $channel -encoding utf-8
  set text [read $channel]
  close $channel
  return $text
}

set table [read_text $from]
set text [read_text $to]
set i [string first "<!-- results -->\n" $text]
set k [string first "<!-- /results -->" $text]
if {$i<0 || $k<$i} {
  puts stderr "tablao: $to has no place for the results"
  exit 1
}
incr i [string length "<!-- results -->\n"]
set channel [open $to w]
fconfigure $channel -encoding utf-8 -translation lf
puts -nonewline $channel \
    [string range $text 0 $i-1]$table[string range $text $k end]
close $channel
