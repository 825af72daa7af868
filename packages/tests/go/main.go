// Uses the module: use VERSION job.json [OLD.db rows.sql]
// OLD.db is a farm of an older version, which is upgraded.
//
// Built without cgo it is what pure Go can do: the schema.
// Prints a line for each check that failed, then `N passed, N failed`.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "modernc.org/sqlite"
	"tablao.example/tablao"
)

var passed, failed int

func check[T comparable](what string, got, want T) {
	if got == want {
		passed++
		return
	}
	failed++
	fmt.Printf("%s: wanted %v, got %v\n", what, want, got)
}

func must(err error) {
	if err != nil {
		fmt.Println(err)
		fmt.Printf("%d passed, %d failed\n", passed, failed+1)
		os.Exit(1)
	}
}

func open(driver, path string) *sql.DB {
	db, err := sql.Open(driver, path)
	must(err)
	db.SetMaxOpenConns(1)
	return db
}

func value[T any](db *sql.DB, query string, args ...any) (v T) {
	must(db.QueryRow(query, args...).Scan(&v))
	return v
}

func run(db *sql.DB, query string, args ...any) {
	_, err := db.Exec(query, args...)
	must(err)
}

func migrate(what string, db *sql.DB) {
	for range [2]int{} {
		version, err := tablao.Migrate(context.Background(), db)
		must(err)
		check(what+" migrate", version, tablao.SchemaVersion)
	}
}

func work(what string, db *sql.DB, claim func(worker string)) {
	run(db, `UPDATE jobs SET status = 'queued'`)
	claim(value[string](db, `INSERT INTO workers
		(name, status, supported_task_types)
		VALUES ('node', 'awake', 'blender,ffmpeg') RETURNING uuid`))
	run(db, `INSERT INTO task_updates (task_uuid, worker_uuid, status)
		SELECT task_uuid, worker_uuid, 'completed' FROM task_claims`)
	check(what+" summary", value[string](db, `SELECT status || num_completed ||
		num_tasks FROM job_summaries`), "active15")
	check(what+" problems",
		value[int](db, `SELECT count(*) FROM farm_problems`), 0)
	fmt.Println(what, "SQLite", value[string](db, `SELECT sqlite_version()`))
	must(db.Close())
}

// Without the extension an older farm stays as it is.
func refuseUpgrade(path, rows string) {
	db := open("sqlite", path)
	before := value[string](db, rows)
	check("something to upgrade", strings.Count(before, "\n") > 10, true)
	old := value[int](db, `SELECT max(version) FROM tablao_migrations`)
	version, err := tablao.Migrate(context.Background(), db)
	if err == nil {
		check("same version", version, old)
	} else {
		check("refusal", strings.Contains(err.Error(), "only the extension"), true)
	}
	check("not changed", value[string](db, rows), before)
	must(db.Close())
}

func main() {
	document, err := os.ReadFile(os.Args[2])
	must(err)
	job := string(document)
	check("version", tablao.Version, os.Args[1])
	check("schema", strings.Contains(tablao.SchemaSQL(), "CREATE TABLE"), true)

	// Pure Go has no C extension; and mattn's has none before it is asked for.
	for _, driver := range drivers {
		db := open(driver, ":memory:")
		migrate(driver, db)
		run(db, `INSERT INTO authored_jobs (document) VALUES (?)`, job)
		work(driver, db, func(worker string) {
			run(db, `INSERT INTO task_claims (worker_uuid) VALUES (?)`, worker)
		})
	}
	if len(os.Args) > 3 {
		rows, err := os.ReadFile(os.Args[4])
		must(err)
		refuseUpgrade(os.Args[3], string(rows))
	}
	useExtension(job)

	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
