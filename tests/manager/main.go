// Behaves like Flamenco 3.9's Manager towards two databases, a plain one and
// an observed one, and compares them.
//
//	manager PLAIN OBSERVED
//
// Both files have Flamenco's tables. The Manager's ways are: the same driver
// (modernc.org/sqlite) and its version; database/sql, which prepares each
// statement anew; a pool of connections with foreign keys on, in WAL mode;
// every call a transaction; all columns named; JSON as BLOBs; times as
// time.Time.String() writes them.
//
// Commands are lines of the standard input: `version`, `fill TASKS`, `measure
// [PART ...]`, `work ROUNDS`, `opcodes`, `used` (was every statement run?),
// `rows`, `migrate WHICH FILE` (a migration as goose runs it, on `plain` or
// `observed`). Each is answered with lines `ok NAME`, `not ok NAME: WHY`,
// anything else that is to be shown, and `done`. The databases stay open until
// the input ends.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite"
)

type database struct {
	name  string
	url   string
	db    *sql.DB
	times map[string][]taken
}

// How long something took, and how long the processor was at it, which says
// more on a machine that has other work to do.
type taken struct{ wall, cpu time.Duration }

func processor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Opened as the Manager does: a pool, every connection of which starts with
// these pragmas.
func open(name, path string) (*database, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	url := "file:" + path + "?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(normal)&_pragma=busy_timeout(20000)"
	db, err := sql.Open("sqlite", url)
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(5)
	db.SetMaxOpenConns(10)
	return &database{name, url, db, map[string][]taken{}}, db.Ping()
}

// Every connection that the pool opens anew has to read the schema.
func (s *session) connect() {
	db, err := sql.Open("sqlite", s.url)
	if err == nil {
		var n int
		err = db.QueryRow("SELECT count(*) FROM workers").Scan(&n)
		s.got = append(s.got, fmt.Sprint(n))
		db.Close()
	}
	s.failed = err
}

// A session is what one of the two databases gets done in a turn, and what
// came out of it.
type session struct {
	*database
	tx     *sql.Tx
	start  time.Time
	ticks  int
	got    []string
	failed error
}

// In Go's text, as the driver writes a time.Time: in UTC, zeros at the end of
// the fraction gone, and for one that time.Now made the monotonic clock behind.
func (s *session) now() string {
	s.ticks++
	t := s.start.Add(time.Duration(s.ticks) * 1234567 * time.Nanosecond)
	return fmt.Sprintf("%s m=+%d.%09d", t, t.Unix()%100000, t.Nanosecond())
}

// A time without a monotonic clock, such as one that came back from JSON.
func (s *session) ago(d time.Duration) time.Time {
	return s.start.Add(-d)
}

func (s *session) sql(name string) string {
	statement := byName[name]
	if statement == nil {
		panic("no statement is called " + name)
	}
	used[name] = true
	return statement.sql
}

// Runs a statement, and remembers what it did. Returns the row's id.
func (s *session) exec(name string, args ...any) int64 {
	if s.failed != nil {
		return 0
	}
	result, err := s.tx.ExecContext(context.Background(), s.sql(name), args...)
	if err != nil {
		s.failed = fmt.Errorf("%s: %w", name, err)
		return 0
	}
	changes, _ := result.RowsAffected()
	id, _ := result.LastInsertId()
	if !strings.HasPrefix(name, "insert ") {
		id = 0 // it is then what an earlier statement inserted, or a trigger's
	}
	s.got = append(s.got, fmt.Sprintf("%s: %d changed, id %d", name, changes, id))
	return id
}

// Runs a query and returns its rows, at most so many when that is not 0.
func (s *session) some(most int, name string, args ...any) [][]any {
	if s.failed != nil {
		return nil
	}
	rows, err := s.tx.QueryContext(context.Background(), s.sql(name), args...)
	var all [][]any
	if err == nil {
		all, err = read(rows, most)
	}
	if err != nil {
		s.failed = fmt.Errorf("%s: %w", name, err)
		return nil
	}
	for _, row := range all {
		s.got = append(s.got, name+": "+text(row))
	}
	s.got = append(s.got, fmt.Sprintf("%s: %d rows", name, len(all)))
	return all
}

func (s *session) rows(name string, args ...any) [][]any { return s.some(0, name, args...) }

func (s *session) row(name string, args ...any) []any {
	if all := s.some(1, name, args...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// One transaction of the Manager's. What only reads is rolled back.
func (s *session) transaction(readOnly bool, do func()) {
	if s.failed != nil {
		return
	}
	s.tx, s.failed = s.db.BeginTx(context.Background(),
		&sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: readOnly})
	if s.failed != nil {
		return
	}
	do()
	if readOnly || s.failed != nil {
		s.tx.Rollback()
	} else if err := s.tx.Commit(); err != nil {
		s.failed = err
	}
}

func (s *session) write(do func()) { s.transaction(false, do) }
func (s *session) read(do func())  { s.transaction(true, do) }

func read(rows *sql.Rows, most int) ([][]any, error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for (most == 0 || len(all) < most) && rows.Next() {
		row := make([]any, len(columns))
		pointers := make([]any, len(columns))
		for i := range row {
			pointers[i] = &row[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func text(row []any) string {
	words := make([]string, len(row))
	for i, value := range row {
		if blob, ok := value.([]byte); ok {
			words[i] = fmt.Sprintf("%T %s", value, blob)
		} else {
			words[i] = fmt.Sprintf("%T %v", value, value)
		}
	}
	return strings.Join(words, " | ")
}

// --- In turns ------------------------------------------------------------------

var (
	both   [2]*database
	clock  = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	labels []string // of what is timed, as first met
	used   = map[string]bool{}
	wrong  = map[string]int{}
	right  = map[string]int{}
)

// Lets one database do it and then the other, either being first every other
// time or so, and compares what came out. Returns the plain one's session.
func turn(label string, do func(s *session)) *session {
	clock = clock.Add(time.Second)
	if len(both[0].times[label]) == 0 {
		labels = append(labels, label)
	}
	// Thue and Morse's sequence: fair, and in step with nothing that comes
	// again and again, such as checkpoints.
	first := bits.OnesCount(uint(len(both[0].times[label]))) % 2
	var sessions [2]*session
	for i := range both {
		which := (i + first) % 2
		s := &session{database: both[which], start: clock}
		sessions[which] = s
		runtime.GC()
		cpu, start := processor(), time.Now()
		do(s)
		took := taken{time.Since(start), processor() - cpu}
		s.times[label] = append(s.times[label], took)
	}
	plain, observed := sessions[0], sessions[1]
	switch {
	case plain.failed != nil || observed.failed != nil:
		judge(label, fmt.Sprintf("plain: %v, observed: %v", plain.failed, observed.failed))
	case !reflect.DeepEqual(plain.got, observed.got):
		judge(label, "the results differ: "+difference(plain.got, observed.got))
	default:
		judge(label, "")
	}
	return plain
}

func difference(plain, observed []string) string {
	for i := 0; i < max(len(plain), len(observed)); i++ {
		p, o := "nothing", "nothing"
		if i < len(plain) {
			p = plain[i]
		}
		if i < len(observed) {
			o = observed[i]
		}
		if p != o {
			return fmt.Sprintf("at %d, plain %q, observed %q", i, p, o)
		}
	}
	return "no"
}

// Remembers how it went; what went wrong is shown once by name.
func judge(name, why string) {
	if why == "" {
		right[name]++
		return
	}
	if wrong[name]++; wrong[name] == 1 {
		fmt.Printf("not ok %s: %s\n", name, strings.ReplaceAll(why, "\n", " "))
	}
}

// Says of every name that was met since the last time how it went.
func report() {
	names := make([]string, 0, len(right))
	for name := range right {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if wrong[name] == 0 {
			fmt.Println("ok", name)
		}
	}
	clear(right)
	clear(wrong)
}

func median(times []taken, of func(taken) time.Duration) float64 {
	sorted := make([]time.Duration, len(times))
	for i := range times {
		sorted[i] = of(times[i])
	}
	slices.Sort(sorted)
	return sorted[len(sorted)/2].Seconds() * 1000
}

// What was timed, as a table.
func figures() {
	wall := func(t taken) time.Duration { return t.wall }
	cpu := func(t taken) time.Duration { return t.cpu }
	fmt.Println("| what | plain, ms | observed, ms | ratio | processor: plain, ms | observed, ms | ratio | times |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, label := range labels {
		plain, observed := both[0].times[label], both[1].times[label]
		fmt.Printf("| %s |", label)
		for _, of := range []func(taken) time.Duration{wall, cpu} {
			p, o := median(plain, of), median(observed, of)
			fmt.Printf(" %.2f | %.2f | %.2f |", p, o, o/p)
		}
		fmt.Printf(" %d |\n", len(plain))
	}
}

// --- Opcodes -------------------------------------------------------------------

// The opcodes of a statement, those of its triggers included, and how many
// triggers' programs it calls.
func opcodes(db *sql.DB, text string) (count, programs int, err error) {
	parameters := 0
	for i := 1; strings.Contains(text, "?"+strconv.Itoa(i)); i++ {
		parameters = i
	}
	rows, err := db.Query("EXPLAIN "+text, make([]any, parameters)...)
	if err != nil {
		return 0, 0, err
	}
	all, err := read(rows, 0)
	for _, row := range all {
		if fmt.Sprint(row[1]) == "Program" {
			programs++
		}
	}
	return len(all), programs, err
}

func compareOpcodes() {
	for i := range statements {
		s := &statements[i]
		name := "opcodes of: " + s.name
		before, _, err := opcodes(both[0].db, s.sql)
		if err != nil {
			judge(name, err.Error())
			continue
		}
		after, programs, err := opcodes(both[1].db, s.sql)
		switch {
		case err != nil:
			judge(name, err.Error())
		case after > s.kind.limit(before):
			judge(name, fmt.Sprintf("%d, more than %d (plain: %d)", after, s.kind.limit(before), before))
		case s.kind == storing && programs > 0:
			judge(name, fmt.Sprintf("it fires %d triggers", programs))
		default:
			judge(name, "")
		}
		if before != after {
			fmt.Printf("| %s | %d | %d | %d |\n", s.name, before, after, s.kind.limit(before))
		}
	}
}

// --- Rows ----------------------------------------------------------------------

// Flamenco's tables, whatever else there is.
var tables = []string{"jobs", "tasks", "task_dependencies", "task_failures", "job_blocks",
	"last_rendereds", "workers", "worker_tags", "worker_tag_membership", "sleep_schedules"}

// Every row of a table as it is stored: types, bytes, columns and order.
func stored(db *sql.DB, table string) ([]string, error) {
	columns, err := db.Query("SELECT name FROM pragma_table_info(?1)", table)
	if err != nil {
		return nil, err
	}
	names, err := read(columns, 0)
	if err != nil {
		return nil, err
	}
	parts := []string{"rowid"}
	for _, row := range names {
		parts = append(parts, fmt.Sprintf("'%s', quote(\"%s\")", row[0], row[0]))
	}
	rows, err := db.Query("SELECT " + strings.Join(parts, ", ") + " FROM " + table + " ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	all, err := read(rows, 0)
	lines := make([]string, len(all))
	for i, row := range all {
		lines[i] = text(row)
	}
	return lines, err
}

func compareRows() {
	for _, table := range tables {
		name := "rows of " + table
		p, err := stored(both[0].db, table)
		if err != nil {
			judge(name, err.Error())
			continue
		}
		o, err := stored(both[1].db, table)
		switch {
		case err != nil:
			judge(name, err.Error())
		case len(p) == 0:
			judge(name, "there are none")
		case !slices.Equal(p, o):
			judge(name, difference(p, o))
		default:
			judge(name, "")
		}
	}
	// The checks that the Manager makes now and then, and refuses to start on.
	for _, d := range both {
		for pragma, want := range map[string]int{"integrity_check": 1, "foreign_key_check": 0} {
			name := pragma + ", " + d.name
			rows, err := d.db.Query("PRAGMA " + pragma)
			var all [][]any
			if err == nil {
				all, err = read(rows, 0)
			}
			switch {
			case err != nil:
				judge(name, err.Error())
			case len(all) != want || want == 1 && fmt.Sprint(all[0][0]) != "ok":
				judge(name, fmt.Sprint(all))
			default:
				judge(name, "")
			}
		}
	}
}

// --- Migrations ------------------------------------------------------------------

// Runs a migration as goose does for the Manager: foreign keys off, one
// transaction, the version noted in it; on one connection, the others being
// open. Prints `migrated`, or the error's words.
func migrate(d *database, file string) error {
	script, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ctx := context.Background()
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = 0"); err != nil {
		return err
	}
	err = func() error {
		tx, err := conn.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		for _, statement := range strings.Split(string(script), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied)
			SELECT max(version_id) + 1, 1 FROM goose_db_version`); err != nil {
			return err
		}
		return tx.Commit()
	}()
	if _, off := conn.ExecContext(ctx, "PRAGMA foreign_keys = 1"); off != nil {
		return off
	}
	if err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
	} else {
		fmt.Println("migrated", d.name)
	}
	return nil
}

// -----------------------------------------------------------------------------------

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "modernc.org/sqlite" {
				return module.Version
			}
		}
	}
	return "?"
}

func run(words []string) error {
	number := func(i int) int {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			panic(err)
		}
		return n
	}
	switch words[0] {
	case "version":
		var sqlite string
		if err := both[0].db.QueryRow("SELECT sqlite_version()").Scan(&sqlite); err != nil {
			return err
		}
		fmt.Printf("modernc.org/sqlite %s (SQLite %s)\n", version(), sqlite)
	case "fill":
		fill(number(1))
	case "measure":
		for _, d := range both {
			clear(d.times)
		}
		labels = nil
		measure(words[1:])
		figures()
	case "work":
		work(number(1))
	case "opcodes":
		fmt.Println("| statement | plain | observed | at most |")
		fmt.Println("|---|---|---|---|")
		compareOpcodes()
	case "used":
		for i := range statements {
			name := statements[i].name
			if used[name] {
				judge("used: "+name, "")
			} else {
				judge("used: "+name, "nothing runs it")
			}
		}
	case "rows":
		compareRows()
	case "migrate":
		for _, d := range both {
			if d.name == words[1] {
				return migrate(d, words[2])
			}
		}
		return fmt.Errorf("no database is called %s", words[1])
	default:
		return fmt.Errorf("unknown command %s", words[0])
	}
	return nil
}

func main() {
	die := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "manager:", err)
			os.Exit(2)
		}
	}
	if len(os.Args) != 3 {
		die(fmt.Errorf("usage: manager PLAIN OBSERVED"))
	}
	for i, name := range []string{"plain", "observed"} {
		var err error
		both[i], err = open(name, os.Args[i+1])
		die(err)
	}
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		die(run(strings.Fields(input.Text())))
		report()
		fmt.Println("done")
	}
	for _, d := range both {
		die(d.db.Close())
	}
}
