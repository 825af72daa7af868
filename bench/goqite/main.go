// Measures Tablao beside goqite, a queue for Go that keeps its messages in
// SQLite.
//
//	goqite BUILD DIR SCHEMA     (make bench does it)
//
// One process, one driver for both (modernc.org/sqlite, which is Go all
// through), each on a connection of its own, in turns. A round takes one task
// with what it has to run and says that it is done, each in a transaction of its
// own, at a backlog that stays as large as it was. WAL, synchronous=NORMAL and foreign_keys on for both.
//
// goqite hands its SQL to the driver as text with each call, and the driver
// prepares it each time. Hence Tablao twice: with statements that are kept, and
// with its SQL as text, too.
//
// SCHEMA is the file that goqite's users run. Prints the rows of the table of
// docs/performance.md.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"maragu.dev/goqite"
	_ "modernc.org/sqlite"
)

const (
	workers = 100
	warmUp  = 50
	// Far more than a run takes on a slow machine.
	limit = 8 * time.Minute
)

// No deadline is in it: the driver would watch it with every statement.
var ctx = context.Background()

func payload(i int) string {
	return fmt.Sprintf(`{"blendfile": "/mnt/farm/shots/1/shot.blend", "frame": "%d"}`, i)
}

// open makes a database anew. One connection keeps what is prepared on it.
func open(path string) (*sql.DB, error) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	var mode string
	var synchronous, keys int
	if err := db.QueryRow("SELECT journal_mode, synchronous, foreign_keys FROM"+
		" pragma_journal_mode, pragma_synchronous, pragma_foreign_keys").
		Scan(&mode, &synchronous, &keys); err != nil {
		return nil, err
	}
	if mode != "wal" || synchronous != 1 || keys != 1 {
		return nil, fmt.Errorf("%s: journal_mode %s, synchronous %d, foreign_keys %d",
			path, mode, synchronous, keys)
	}
	return db, nil
}

// A queue is what is measured.
type queue interface {
	add(i int) error
	round(i int) error // takes a task, and says that it is done
}

const (
	claimSQL = "INSERT INTO task_claims (worker_uuid) VALUES (?)"
	taskSQL  = "SELECT c.task_uuid, t.commands FROM task_claims c" +
		" JOIN tasks t ON t.uuid = c.task_uuid WHERE c.worker_uuid = ?"
	doneSQL = "INSERT INTO task_updates (task_uuid, worker_uuid, status)" +
		" VALUES (?, ?, 'completed')"
	addSQL = "INSERT INTO tasks (job_id, name, type, commands)" +
		" VALUES (?, 'render', 'blender', ?)"
)

// tablao keeps its statements.
type tablao struct {
	db                      *sql.DB
	jobs                    int
	claim, task, done, adds *sql.Stmt
}

func newTablao(path string, backlog int, script string) (*tablao, error) {
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(script); err != nil {
		return nil, err
	}
	t := &tablao{db: db, jobs: max(1, backlog/1000)}
	tx, err := db.Begin()
	if err != nil {
		return nil, err
	}
	for i := range workers {
		if _, err := tx.Exec("INSERT INTO workers (uuid, name, status, supported_task_types)"+
			" VALUES (?, 'w', 'awake', 'blender')", worker(i)); err != nil {
			return nil, err
		}
	}
	for i := range t.jobs {
		if _, err := tx.Exec("INSERT INTO jobs (id, name, job_type, status)"+
			" VALUES (?, 'shot', 'render', 'queued')", 1+i); err != nil {
			return nil, err
		}
	}
	adds, err := tx.Prepare(addSQL)
	if err != nil {
		return nil, err
	}
	for i := range backlog {
		if _, err := adds.Exec(1+i%t.jobs, "["+payload(i)+"]"); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		to  **sql.Stmt
		sql string
	}{{&t.claim, claimSQL}, {&t.task, taskSQL}, {&t.done, doneSQL}, {&t.adds, addSQL}} {
		if *s.to, err = db.Prepare(s.sql); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func worker(i int) string {
	return fmt.Sprintf("%08x-0000-4000-a000-000000000000", i%workers)
}

func (t *tablao) add(i int) error {
	_, err := t.adds.ExecContext(ctx, 1+i%t.jobs, "["+payload(i)+"]")
	return err
}

func (t *tablao) round(i int) error {
	w := worker(i)
	if _, err := t.claim.ExecContext(ctx, w); err != nil {
		return err
	}
	var task string
	var commands []byte
	if err := t.task.QueryRowContext(ctx, w).Scan(&task, &commands); err != nil {
		return err
	}
	_, err := t.done.ExecContext(ctx, task, w)
	return err
}

// anew is the same farm by a client that keeps no statement.
type anew struct{ *tablao }

func (t anew) round(i int) error {
	w := worker(i)
	if _, err := t.db.ExecContext(ctx, claimSQL, w); err != nil {
		return err
	}
	var task string
	var commands []byte
	if err := t.db.QueryRowContext(ctx, taskSQL, w).Scan(&task, &commands); err != nil {
		return err
	}
	_, err := t.db.ExecContext(ctx, doneSQL, task, w)
	return err
}

type peer struct {
	db *sql.DB
	q  *goqite.Queue
}

func newPeer(path string, backlog int, script string) (*peer, error) {
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(script); err != nil {
		return nil, err
	}
	p := &peer{db, goqite.New(goqite.NewOpts{DB: db, Name: "render"})}
	tx, err := db.Begin()
	if err != nil {
		return nil, err
	}
	for i := range backlog {
		if err := p.q.SendTx(ctx, tx, goqite.Message{Body: []byte(payload(i))}); err != nil {
			return nil, err
		}
	}
	return p, tx.Commit()
}

func (p *peer) add(i int) error {
	return p.q.Send(ctx, goqite.Message{Body: []byte(payload(i))})
}

func (p *peer) round(int) error {
	m, err := p.q.Receive(ctx)
	if err != nil {
		return err
	}
	if m == nil {
		return errors.New("no message")
	}
	return p.q.Delete(ctx, m.ID)
}

// sample is the time of a round. What it took is put back afterwards.
func sample(q queue, i int) (time.Duration, error) {
	start := time.Now()
	if err := q.round(i); err != nil {
		return 0, err
	}
	taken := time.Since(start)
	return taken, q.add(i)
}

func median(of []time.Duration) float64 {
	slices.Sort(of)
	n := len(of)
	return float64(of[(n-1)/2]+of[n/2]) / 2 / float64(time.Microsecond)
}

// measure returns two rows of the table.
func measure(folder, own, its string, backlog, rounds int) (string, error) {
	t, err := newTablao(filepath.Join(folder, "work-peer.go.db"), backlog, own)
	if err != nil {
		return "", fmt.Errorf("tablao: %w", err)
	}
	defer t.db.Close()
	p, err := newPeer(filepath.Join(folder, "work-peer.goqite.db"), backlog, its)
	if err != nil {
		return "", fmt.Errorf("goqite: %w", err)
	}
	defer p.db.Close()
	var rows strings.Builder
	for _, pair := range []struct {
		name string
		own  queue
	}{{"goqite", t}, {"goqite, Tablao prepared anew like it", anew{t}}} {
		var ours, theirs []time.Duration
		for i := range warmUp + rounds {
			a, err := sample(pair.own, i)
			if err != nil {
				return "", fmt.Errorf("tablao: round %d: %w", i, err)
			}
			b, err := sample(p, i)
			if err != nil {
				return "", fmt.Errorf("goqite: round %d: %w", i, err)
			}
			if i >= warmUp {
				ours, theirs = append(ours, a), append(theirs, b)
			}
		}
		a, b := median(ours), median(theirs)
		fmt.Fprintf(&rows, "| %s | %d | %.0f us | %.0f us | %.2f |\n", pair.name, backlog, a, b, a/b)
	}
	// A round that did nothing would be a fast one.
	for _, c := range []struct {
		db   *sql.DB
		want int
		sql  string
	}{
		{t.db, 2 * (warmUp + rounds), "SELECT count(*) FROM tasks WHERE status = 'completed'"},
		{t.db, backlog, "SELECT count(*) FROM tasks WHERE status = 'queued'"},
		{p.db, backlog, "SELECT count(*) FROM goqite"},
	} {
		var n int
		if err := c.db.QueryRow(c.sql).Scan(&n); err != nil {
			return "", err
		}
		if n != c.want {
			return "", fmt.Errorf("%s: %d, not %d", c.sql, n, c.want)
		}
	}
	return rows.String(), nil
}

func run(build, folder, schema string) error {
	own, err := os.ReadFile(filepath.Join(build, "tablao.sql"))
	if err != nil {
		return err
	}
	its, err := os.ReadFile(schema)
	if err != nil {
		return err
	}
	rounds := 2000
	if quick := os.Getenv("BENCH_QUICK"); quick != "" && quick != "0" {
		rounds = 500
	}
	for _, backlog := range []int{1000, 100000} {
		rows, err := measure(folder, string(own), string(its), backlog, rounds)
		if err != nil {
			return err
		}
		fmt.Print(rows)
	}
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "tablao: bench: goqite BUILD DIR SCHEMA")
		os.Exit(2)
	}
	time.AfterFunc(limit, func() {
		fmt.Fprintln(os.Stderr, "tablao: bench: goqite: not done after", limit)
		os.Exit(1)
	})
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "tablao: bench: goqite:", err)
		os.Exit(1)
	}
}
