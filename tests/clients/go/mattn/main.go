// The scenario through github.com/mattn/go-sqlite3, which needs cgo and can
// load the extension.
package main

import (
	"context"
	"database/sql"
	"runtime/debug"
	"time"

	"github.com/mattn/go-sqlite3"

	"tablao.example/clients/client"
)

func open(path, extension string) (*sql.DB, error) {
	// The first of these is how a time.Time is written: to the millisecond,
	// with zeros. The driver reads all of them; the last is the Manager's.
	sqlite3.SQLiteTimestampFormats = append(append(
		[]string{client.Stored}, sqlite3.SQLiteTimestampFormats...),
		"2006-01-02 15:04:05.999999999 -0700 MST")
	driver := &sqlite3.SQLiteDriver{}
	if extension != "" {
		driver.Extensions = []string{extension}
	}
	sql.Register("tablao", driver)
	return sql.Open("tablao", "file:"+path+"?_busy_timeout=10000")
}

func extra(ctx context.Context, c *sql.Conn, check func(name, wrong string)) {
	client.Extra(ctx, c, check)
	now := time.Date(2026, 4, 13, 9, 30, 0, 0, time.UTC)
	wrong := ""
	if _, err := c.ExecContext(ctx, "UPDATE workers SET last_seen_at = ? WHERE uuid = 'worker-ada'", now); err != nil {
		wrong = err.Error()
	} else {
		wrong = client.Want(client.Text(ctx, c,
			"SELECT last_seen_at || '' FROM workers WHERE uuid = 'worker-ada'"),
			"2026-04-13 09:30:00.000+00:00")
	}
	check("time.Time is written as stored", wrong)
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
			if module.Path == "github.com/mattn/go-sqlite3" {
				version = module.Version
			}
		}
	}
	client.Main(client.Driver{Name: "mattn/go-sqlite3 " + version, Open: open, Extra: extra})
}
