// Package tablao keeps a render farm in an SQLite database.
//
// The rules of the farm are SQL in the database, so any driver will do. This
// package has the schema; [tablao.example/tablao/ext] adds the extension's
// functions and virtual tables to connections of github.com/mattn/go-sqlite3.
package tablao

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
)

//go:embed tablao.sql
var schemaSQL string

// SchemaSQL returns the script that makes the schema of a new farm. It is one
// transaction, and fails where the schema exists already.
func SchemaSQL() string {
	return schemaSQL
}

// Migrate brings a database to this version's schema and returns its number.
// With the extension it also upgrades older farms and makes observed ones of
// Flamenco Manager's databases; without it, it makes new farms only.
func Migrate(ctx context.Context, db *sql.DB) (int, error) {
	// One connection, for a script that fails leaves its transaction open.
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()

	var version int
	loaded, err := has(ctx, conn, `SELECT 1 FROM pragma_function_list
		WHERE name = 'tablao_migrate'`)
	if err != nil {
		return 0, err
	}
	if loaded {
		err = conn.QueryRowContext(ctx, `SELECT tablao_migrate()`).Scan(&version)
		return version, err
	}
	farm, err := has(ctx, conn, `SELECT 1 FROM main.sqlite_schema
		WHERE type = 'table' AND name = 'tablao_migrations'`)
	if err != nil {
		return 0, err
	}
	if !farm {
		if _, err := conn.ExecContext(ctx, schemaSQL); err != nil {
			// Says nothing new when the script failed at its BEGIN.
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
			return 0, err
		}
	}
	err = conn.QueryRowContext(ctx,
		`SELECT max(version) FROM tablao_migrations`).Scan(&version)
	if err == nil && version != SchemaVersion {
		err = fmt.Errorf("tablao: the database has schema version %d, not %d;"+
			" only the extension can migrate it", version, SchemaVersion)
	}
	return version, err
}

func has(ctx context.Context, conn *sql.Conn, query string) (bool, error) {
	var one int
	err := conn.QueryRowContext(ctx, query).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
