//go:build cgo

package main

import (
	"encoding/json"
	"os"

	"tablao.example/tablao/ext"
)

var drivers = []string{"sqlite", "sqlite3"}

func useExtension(job string) {
	must(ext.Auto())
	db := open("sqlite3", ":memory:")
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
	if len(os.Args) > 3 {
		upgrade(os.Args[3], os.Args[4])
	}
}

func upgrade(path, rowsPath string) {
	rows, err := os.ReadFile(rowsPath)
	must(err)
	db := open("sqlite3", path)
	before := value[string](db, string(rows))
	migrate("upgrade", db)
	check("upgrade: rows", value[string](db, string(rows)), before)
	check("upgrade: problems",
		value[int](db, `SELECT count(*) FROM farm_problems`), 0)
	check("upgrade: store", len(value[string](db, `SELECT store_authored_job(?)`,
		`{"name": "after", "job_type": "t"}`)), 36)
	must(db.Close())
}
