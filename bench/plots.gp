# The plots of docs/performance.md: gnuplot -e "dir='build/bench'" bench/plots.gp
# reads plot.dat, whose columns are pairs (median, p90) in microseconds of the
# floor, claim, completion, completion by report and straightforward query.
data = dir.'/plot.dat'

set terminal svg size 720,440 font 'sans-serif,13' background '#ffffff'
set logscale x
set format x '10^{%L}'
set xlabel 'queued tasks'
set ylabel 'microseconds, commit included'
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set xrange [800:1250000]

set style line 1 lc rgb '#888888' lw 2 pt 7 ps 0.7
set style line 2 lc rgb '#0060ad' lw 2 pt 7 ps 0.7
set style line 3 lc rgb '#2e8b57' lw 2 pt 7 ps 0.7
set style line 4 lc rgb '#c0392b' lw 2 pt 7 ps 0.7

set output dir.'/performance-backlog.svg'
set logscale y
set format y '10^{%L}'
set key top left
plot data using 1:10 title 'the straightforward query' with linespoints ls 4, \
     data using 1:4 title 'claim' with linespoints ls 2, \
     data using 1:6 title 'completion' with linespoints ls 3, \
     data using 1:2 title 'one-row UPDATE (the floor)' with linespoints ls 1

set output dir.'/performance-claim.svg'
unset logscale y
set format y '%g'
set yrange [0:*]
set key outside top center horizontal
plot data using 1:4:4:5 title 'claim, median to p90' with yerrorlines ls 2, \
     data using 1:6:6:7 title 'completion' with yerrorlines ls 3, \
     data using 1:2:2:3 title 'one-row UPDATE' with yerrorlines ls 1
