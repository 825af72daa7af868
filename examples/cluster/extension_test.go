//go:build extension

package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// A farm on one node, in a directory of the test's.
func newFarm(t *testing.T) (*farm, context.Context) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	n, err := startNode(t.TempDir(), address, nil, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	f, err := openFarm(ctx, n)
	if err == nil {
		err = f.install(ctx, "../../build/tablao.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.db.Close()
		n.Close()
		cancel()
	})
	return f, ctx
}

const aJob = `{"uuid": "job", "name": "n", "job_type": "t", "status": "queued",
	"tasks": [{"uuid": "task", "name": "a", "type": "misc"}]}`

var writing = []string{
	"SELECT store_authored_job('" + aJob + "')",
	"SELECT store_authored_tasks('job', '[]')",
	"SELECT schedule_task('worker')",
	"SELECT farm_tick()",
}

// Outside a transaction dqlite would not replicate what they write.
func TestRefusedOutsideATransaction(t *testing.T) {
	f, ctx := newFarm(t)
	conn, err := f.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, query := range writing {
		_, err := conn.ExecContext(ctx, query)
		if err == nil || !strings.Contains(err.Error(), "call it after BEGIN IMMEDIATE") {
			t.Errorf("%s: %v", query, err)
		}
		// Of a query that fails at its first row, dqlite loses the message.
		var got interface{}
		if err := conn.QueryRowContext(ctx, query).Scan(&got); err == nil {
			t.Errorf("%s: %v", query, got)
		}
	}
	// The node is as well as ever.
	if err := f.write(ctx, func(t tx) error { return t.exec("INSERT INTO jobs (name) VALUES ('still there')") }); err != nil {
		t.Error(err)
	}
	if n, err := count(f, ctx, "SELECT count(*) AS n FROM jobs"); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestInsideATransaction(t *testing.T) {
	f, ctx := newFarm(t)
	err := f.write(ctx, func(t tx) error {
		err := t.exec("INSERT INTO workers (uuid, status, supported_task_types) VALUES ('worker', 'awake', 'misc')")
		for _, query := range writing {
			if err == nil {
				_, err = t.rows(query)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// The door takes on where they left off.
	err = f.write(ctx, func(t tx) error {
		return t.exec("INSERT INTO task_updates (task_uuid, worker_uuid, status) VALUES ('task', 'worker', 'completed')")
	})
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int64{
		"SELECT count(*) AS n FROM jobs WHERE status = 'completed'":           1,
		"SELECT count(*) AS n FROM task_summaries('job')":                     1,
		"SELECT count(*) AS n FROM farm_problems":                             0,
		"SELECT count(*) AS n FROM tablao_check WHERE severity = 'error'":     0,
		"SELECT count(*) AS n FROM tablao_check WHERE object = 'synchronous'": 0,
	} {
		if n, err := count(f, ctx, query); n != want || err != nil {
			t.Errorf("%s: %d %v", query, n, err)
		}
	}
}

func count(f *farm, ctx context.Context, query string) (n int64, err error) {
	err = f.read(ctx, func(t tx) error {
		row, err := t.one(query)
		n, _ = row["n"].(int64)
		return err
	})
	return n, err
}
