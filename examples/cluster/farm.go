package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A write that a lost leader may or may not have made, or a farm that cannot
// be reached now. Whoever asked asks again.
var errUnclear = errors.New("no answer from the leader; ask again")

const (
	database   = "farm.db"
	sqliteBusy = 5
)

// farm is the database, wherever its leader is.
type farm struct {
	node *node
	db   *sql.DB
	// One writing connection per manager: within a manager writers wait here
	// for each other, where dqlite would tell them that it is busy.
	writing chan struct{}
}

func openFarm(ctx context.Context, n *node) (*farm, error) {
	db, err := n.Open(ctx, database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	return &farm{node: n, db: db, writing: make(chan struct{}, 1)}, nil
}

// write runs f in a transaction of its own. f may be run again.
func (f *farm) write(ctx context.Context, do func(tx) error) error {
	select {
	case f.writing <- struct{}{}:
		defer func() { <-f.writing }()
	case <-ctx.Done():
		return errUnclear
	}
	for {
		err := f.once(ctx, "BEGIN IMMEDIATE", do)
		code, _, ok := sqliteError(err)
		if !ok || code&0xff != sqliteBusy {
			return err
		}
		// Another manager is writing. Nothing has happened.
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return errUnclear
		}
	}
}

// read runs f on one moment of the farm's.
func (f *farm) read(ctx context.Context, do func(tx) error) error {
	return f.once(ctx, "BEGIN", do)
}

func (f *farm) once(ctx context.Context, begin string, do func(tx) error) (err error) {
	conn, err := f.db.Conn(ctx)
	if err != nil {
		return unclear(err)
	}
	ended := false
	defer func() {
		if !ended {
			// Whatever was open goes with the connection.
			conn.Raw(func(interface{}) error { return driver.ErrBadConn })
		}
		conn.Close()
	}()
	if _, err = conn.ExecContext(ctx, begin); err != nil {
		return unclear(err)
	}
	if err = do(tx{ctx, conn}); err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err == nil {
		ended = true
		return nil
	}
	if err = unclear(err); err != errUnclear {
		_, failed := conn.ExecContext(ctx, "ROLLBACK")
		ended = failed == nil
	}
	return err
}

// unclear lets SQLite's refusals and the manager's own pass. All other errors
// are the cluster's.
func unclear(err error) error {
	var no refusal
	if _, _, ok := sqliteError(err); ok || errors.As(err, &no) {
		return err
	}
	fmt.Fprintln(os.Stderr, "cluster:", err)
	return errUnclear
}

// tx is a transaction of farm.write or farm.read.
type tx struct {
	ctx  context.Context
	conn *sql.Conn
}

func (t tx) exec(query string, args ...interface{}) error {
	_, err := t.conn.ExecContext(t.ctx, query, args...)
	return err
}

// rows are what a query finds, by the names of its columns.
func (t tx) rows(query string, args ...interface{}) ([]map[string]interface{}, error) {
	found := []map[string]interface{}{}
	rows, err := t.conn.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values := make([]interface{}, len(names))
		places := make([]interface{}, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := map[string]interface{}{}
		for i, name := range names {
			switch value := values[i].(type) {
			case []byte:
				row[name] = string(value)
			case time.Time: // the driver parses what is declared datetime
				row[name] = value.UTC().Format("2006-01-02 15:04:05.000-07:00")
			default:
				row[name] = value
			}
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// one is the first row, or nil.
func (t tx) one(query string, args ...interface{}) (map[string]interface{}, error) {
	rows, err := t.rows(query, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// install makes a farm where there is none, statement by statement: dqlite
// takes no script.
func (f *farm) install(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var statements []string
	if err := json.Unmarshal(text, &statements); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.write(ctx, func(t tx) error {
		there, err := t.one("SELECT 1 FROM sqlite_master WHERE name = 'farm_settings'")
		if err != nil || there != nil {
			return err
		}
		for _, statement := range statements {
			if err := t.exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// dump copies what one node has of the farm into a directory: a backup, and a
// way to look at it with any SQLite client.
func dump(args []string) error {
	if len(args) != 2 {
		return errors.New("dump: a node's address and a directory are needed")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	files, err := copyNode(ctx, args[0])
	if err != nil {
		return err
	}
	if err := os.MkdirAll(args[1], 0o777); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(args[1], filepath.Base(name)), data, 0o666); err != nil {
			return err
		}
	}
	return nil
}
