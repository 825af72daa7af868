# What the makers of pages share.

# Writes a page, in UTF-8; "" is the standard output.
proc write_page {file text} {
  set channel [expr {$file eq "" ? "stdout" : [open $file w]}]
  fconfigure $channel -encoding utf-8 -translation lf
  puts -nonewline $channel $text
  if {$file ne ""} {close $channel}
}
