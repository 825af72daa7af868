// The scenario through modernc.org/sqlite: SQLite in Go, without cgo and so
// without loadable extensions. Flamenco's own Manager uses such a driver.
package main

import (
	"context"
	"database/sql"
	"errors"
	"runtime/debug"
	"time"

	_ "modernc.org/sqlite"

	"tablao.example/clients/client"
)

func open(path, extension string) (*sql.DB, error) {
	if extension != "" {
		return nil, errors.New("this driver cannot load extensions")
	}
	return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
}

func extra(ctx context.Context, c *sql.Conn, check func(name, wrong string)) {
	client.Extra(ctx, c, check)
	exec := func(query string, args ...any) string {
		if _, err := c.ExecContext(ctx, query, args...); err != nil {
			return err.Error()
		}
		return ""
	}
	// What a canceled context stops leaves nothing. (mattn/go-sqlite3 may run
	// the statement all the same, when the context was canceled before.)
	past, cancel := context.WithCancel(ctx)
	cancel()
	_, err := c.ExecContext(past, "UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'")
	check("a canceled context is an error", client.Want(err != nil, true))
	check("and leaves nothing", client.Want(
		client.Text(ctx, c, "SELECT status FROM jobs WHERE uuid = 'job-shot'"), "failed"))
	// The driver writes time.Time.String(), as Flamenco's Manager does: zeros
	// of the fraction are gone. Such times are brought to the stored form.
	now := time.Date(2026, 4, 13, 9, 30, 5, 100_000_000, time.UTC)
	wrong := exec("UPDATE workers SET status = 'awake', status_requested = '', last_seen_at = ? WHERE uuid = 'worker-ada'", now)
	if wrong == "" {
		wrong = client.Want(client.Text(ctx, c,
			"SELECT last_seen_at || '' FROM workers WHERE uuid = 'worker-ada'"),
			"2026-04-13 09:30:05.100+00:00")
	}
	check("time.Time, written as String() does, takes the stored form", wrong)
	for _, at := range []struct{ clock, due string }{
		{"2026-04-13 09:31:05.099+00:00", "0"},
		{"2026-04-13 09:31:05.100+00:00", "1"},
	} {
		wrong = exec("UPDATE farm_settings SET value = ? WHERE name = 'clock'", at.clock)
		if wrong == "" {
			wrong = client.Want(client.Text(ctx, c,
				"SELECT count(*) FROM timed_out_workers WHERE worker_uuid = 'worker-ada'"), at.due)
		}
		check("a worker seen at such a time, at "+at.clock, wrong)
	}
	var seen time.Time
	if err := c.QueryRowContext(ctx, "SELECT last_seen_at FROM workers WHERE uuid = 'worker-ada'").Scan(&seen); err != nil {
		wrong = err.Error()
	} else {
		wrong = client.Want(seen.Equal(now), true)
	}
	check("and read as time.Time", wrong)
}

func main() {
	version := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "modernc.org/sqlite" {
				version = module.Version
			}
		}
	}
	client.Main(client.Driver{Name: "modernc.org/sqlite " + version, Open: open, Extra: extra})
}
