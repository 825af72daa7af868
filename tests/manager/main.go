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
//
// Each database has a process of its own, so that the memory of one does not
// lie better than that of the other (which made a difference of 20 %). Both do
// the same from the same seed, a turn at a time, when compare.go lets them.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite"
)

var (
	db    *sql.DB
	url   string
	clock = time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	used  = map[string]bool{}
	input = bufio.NewScanner(os.Stdin)
)

func die(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(2)
	}
}

// Opened as the Manager does: a pool, every connection of which starts with
// these pragmas.
func open(path string) error {
	_, err := os.Stat(path)
	if err != nil {
		return err
	}
	url = "file:" + path + "?_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(normal)&_pragma=busy_timeout(20000)"
	if db, err = sql.Open("sqlite", url); err != nil {
		return err
	}
	db.SetMaxIdleConns(5)
	db.SetMaxOpenConns(10)
	return db.Ping()
}

// --- A turn ----------------------------------------------------------------------

// A session is what the database gets done in a turn, and what came out of it.
type session struct {
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
		id = 0 // it is then what an earlier statement inserted
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
	s.tx, s.failed = db.BeginTx(context.Background(),
		&sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: readOnly})
	if s.failed != nil {
		return
	}
	do()
	if readOnly || s.failed != nil {
		s.tx.Rollback()
	} else {
		s.failed = s.tx.Commit()
	}
}

func (s *session) write(do func()) { s.transaction(false, do) }
func (s *session) read(do func())  { s.transaction(true, do) }

// Every connection that the pool opens anew has to read the schema.
func (s *session) connect() {
	other, err := sql.Open("sqlite", url)
	if err == nil {
		var n int
		err = other.QueryRow("SELECT count(*) FROM workers").Scan(&n)
		s.got = append(s.got, fmt.Sprint(n))
		other.Close()
	}
	s.failed = err
}

func processor() time.Duration {
	var usage syscall.Rusage
	die(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Does something when it is this database's turn, and tells how long it took
// and what came out.
func turn(label string, do func(s *session)) *session {
	clock = clock.Add(time.Second)
	s := &session{start: clock}
	fmt.Println("turn", label)
	hear("go")
	runtime.GC()
	cpu, start := processor(), time.Now()
	do(s)
	wall := time.Since(start)
	cpu = processor() - cpu
	if s.failed != nil {
		s.got = append(s.got, "error: "+s.failed.Error())
	}
	all := strings.Join(s.got, "\n")
	fmt.Printf("took %d %d %t %x\n", wall, cpu, s.failed == nil, sha256.Sum256([]byte(all)))
	if hear("next", "show") == "show" {
		show(s.got)
	}
	return s
}

func hear(words ...string) string {
	if !input.Scan() {
		die(fmt.Errorf("the input ended where one of %v should come", words))
	}
	for _, word := range words {
		if input.Text() == word {
			return word
		}
	}
	die(fmt.Errorf("%q came, not one of %v", input.Text(), words))
	return ""
}

func show(lines []string) {
	fmt.Println("lines", len(lines))
	for _, line := range lines {
		fmt.Println(strings.ReplaceAll(line, "\n", " "))
	}
}

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

func query(text string, args ...any) ([][]any, error) {
	rows, err := db.Query(text, args...)
	if err != nil {
		return nil, err
	}
	return read(rows, 0)
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

// --- What else is asked -------------------------------------------------------------

// The opcodes of a statement, those of its triggers included, and how many
// triggers' programs it calls.
func opcodes(s *statement) error {
	parameters := 0
	for strings.Contains(s.sql, "?"+strconv.Itoa(parameters+1)) {
		parameters++
	}
	all, err := query("EXPLAIN "+s.sql, make([]any, parameters)...)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	programs := 0
	for _, row := range all {
		if fmt.Sprint(row[1]) == "Program" {
			programs++
		}
	}
	fmt.Println("opcodes", len(all), programs, s.name)
	return nil
}

// Flamenco's tables, whatever else there is.
var tables = []string{"jobs", "tasks", "task_dependencies", "task_failures", "job_blocks",
	"last_rendereds", "workers", "worker_tags", "worker_tag_membership", "sleep_schedules",
	"goose_db_version"}

// Every row of a table as it is stored: columns, types, bytes and order.
func stored(table string) error {
	names, err := query("SELECT name FROM pragma_table_info(?1)", table)
	if err != nil {
		return err
	}
	parts := []string{"rowid"}
	for _, row := range names {
		if name := fmt.Sprint(row[0]); name != "tstamp" { // goose's, of the wall clock
			parts = append(parts, fmt.Sprintf(`'%s', quote("%s")`, name, name))
		}
	}
	all, err := query("SELECT " + strings.Join(parts, ", ") + " FROM " + table + " ORDER BY rowid")
	if err != nil {
		return err
	}
	lines := make([]string, len(all))
	for i, row := range all {
		lines[i] = text(row)
	}
	fmt.Printf("rows %s %d %x\n", table, len(all), sha256.Sum256([]byte(strings.Join(lines, "\n"))))
	if hear("next", "show") == "show" {
		show(lines)
	}
	return nil
}

// What the Manager asks when it starts and now and then, and an answer to
// which keeps it from starting.
func sound() error {
	for _, check := range []string{"integrity_check", "foreign_key_check"} {
		all, err := query("PRAGMA " + check)
		if err != nil {
			return err
		}
		wrong := ""
		for _, row := range all {
			if said := text(row); said != "string ok" {
				wrong += said + "; "
			}
		}
		fmt.Println("check", check, wrong)
	}
	return nil
}

// Runs a migration as goose does for the Manager: foreign keys off, one
// transaction, the version noted in it; on one connection, others being open.
func migrate(file string) error {
	script, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
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
		fmt.Println("migrated")
	}
	return nil
}

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
	number := func() int {
		n, err := strconv.Atoi(words[1])
		die(err)
		return n
	}
	switch words[0] {
	case "version":
		var sqlite string
		if err := db.QueryRow("SELECT sqlite_version()").Scan(&sqlite); err != nil {
			return err
		}
		fmt.Printf("modernc.org/sqlite %s (SQLite %s)\n", version(), sqlite)
	case "fill":
		fill(number())
	case "measure":
		measure(words[1:])
	case "work":
		work(number())
	case "opcodes":
		for i := range statements {
			if err := opcodes(&statements[i]); err != nil {
				return err
			}
		}
	case "used":
		for i := range statements {
			fmt.Println("used", used[statements[i].name], statements[i].name)
		}
	case "rows":
		for _, table := range tables {
			if err := stored(table); err != nil {
				return err
			}
		}
		return sound()
	case "migrate":
		return migrate(words[1])
	default:
		return fmt.Errorf("unknown command %s", words[0])
	}
	return nil
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "-one":
		die(open(os.Args[2]))
		for input.Scan() {
			die(run(strings.Fields(input.Text())))
			fmt.Println("done")
		}
		die(db.Close())
	case len(os.Args) == 3:
		die(compare(os.Args[1], os.Args[2]))
	default:
		die(fmt.Errorf("usage: manager PLAIN OBSERVED"))
	}
}
