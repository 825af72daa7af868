// Uses the module: use VERSION job.json
// Prints a line for each check that failed, then `N passed, N failed`.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	_ "modernc.org/sqlite"
	"tablao.example/tablao"
	"tablao.example/tablao/ext"
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

func open(driver string) *sql.DB {
	db, err := sql.Open(driver, ":memory:")
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

func main() {
	document, err := os.ReadFile(os.Args[2])
	must(err)
	job := string(document)
	check("version", tablao.Version, os.Args[1])
	check("schema", strings.Contains(tablao.SchemaSQL(), "CREATE TABLE"), true)

	// Pure Go has no C extension; and mattn's has none before it is asked for.
	for _, driver := range []string{"sqlite", "sqlite3"} {
		db := open(driver)
		migrate(driver, db)
		run(db, `INSERT INTO authored_jobs (document) VALUES (?)`, job)
		work(driver, db, func(worker string) {
			run(db, `INSERT INTO task_claims (worker_uuid) VALUES (?)`, worker)
		})
	}

	must(ext.Auto())
	db := open("sqlite3")
	check("tablao_version",
		value[string](db, `SELECT tablao_version()`), os.Args[1])
	migrate("ext", db)
	check("store", len(value[string](db, `SELECT store_authored_job(?)`, job)), 36)
	work("ext", db, func(worker string) {
		var task struct{ Name string }
		must(json.Unmarshal([]byte(value[string](
			db, `SELECT schedule_task(?)`, worker)), &task))
		check("task", task.Name, "render-1-3")
		check("check", value[int](db, `SELECT count(*) FROM tablao_check
			WHERE severity = 'error'`), 0)
	})

	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
