// Package client runs the scenario through database/sql. Usage and protocol:
// see ../../python/client.py.
package client

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Stored is the form of the times in the database, for time.Time.Format.
const Stored = "2006-01-02 15:04:05.000-07:00"

type step struct {
	Needs  string
	SQL    string
	Params []any
	Rows   *[][]any
	Error  string
}

type block struct {
	Section int
	Name    string
	Steps   []step
}

// Driver is what differs between the drivers.
type Driver struct {
	Name  string // and version
	Open  func(path string, extension string) (*sql.DB, error)
	Extra func(ctx context.Context, c *sql.Conn, check func(name, wrong string))
}

// One connection, not the pool: BEGIN and what follows belong together.
type runner struct {
	conn *sql.Conn
	ext  bool
}

func Check(name, wrong string) {
	if wrong == "" {
		fmt.Println("ok", name)
	} else {
		fmt.Printf("not ok %s: %s\n", name, strings.ReplaceAll(wrong, "\n", " "))
	}
}

// Want is empty, or says what was got in place of what.
func Want(got, want any) string {
	if reflect.DeepEqual(got, want) {
		return ""
	}
	return fmt.Sprintf("got %#v, not %#v", got, want)
}

// Text is the one value that a query gives.
func Text(ctx context.Context, c *sql.Conn, query string, args ...any) string {
	var text string
	if err := c.QueryRowContext(ctx, query, args...).Scan(&text); err != nil {
		return "error: " + err.Error()
	}
	return text
}

func bind(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if hexed, ok := v["blob"].(string); ok {
			b, _ := hex.DecodeString(hexed)
			return b
		}
		f, _ := v["real"].(json.Number).Float64()
		return f
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	}
	return value
}

// Both drivers make a time.Time of a datetime column and a bool of a boolean
// one; those are compared by what they mean.
func same(got, want any) bool {
	switch g := got.(type) {
	case bool:
		return same(map[bool]int64{false: 0, true: 1}[g], want)
	case int64:
		return fmt.Sprint(g) == fmt.Sprint(want)
	case []byte:
		return string(g) == want
	case time.Time:
		text, _ := want.(string)
		for _, form := range []string{Stored, "2006-01-02 15:04:05.999999999 -0700 MST"} {
			if t, err := time.Parse(form, text); err == nil {
				return t.Equal(g)
			}
		}
		return false
	}
	return got == want
}

func (r *runner) run(s step) string {
	ctx := context.Background()
	args := make([]any, len(s.Params))
	for i, p := range s.Params {
		args[i] = bind(p)
	}
	var got [][]any
	err := func() error {
		if s.Rows == nil {
			_, err := r.conn.ExecContext(ctx, s.SQL, args...)
			return err
		}
		rows, err := r.conn.QueryContext(ctx, s.SQL, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, _ := rows.Columns()
		for rows.Next() {
			row := make([]any, len(columns))
			pointers := make([]any, len(columns))
			for i := range row {
				pointers[i] = &row[i]
			}
			if err := rows.Scan(pointers...); err != nil {
				return err
			}
			got = append(got, row)
		}
		return rows.Err()
	}()
	switch {
	case s.Error != "" && err == nil:
		return "no error"
	case s.Error != "" && strings.Contains(err.Error(), s.Error):
		return ""
	case err != nil:
		return err.Error()
	case s.Rows == nil:
		return ""
	}
	ok := len(got) == len(*s.Rows)
	for i := 0; ok && i < len(got); i++ {
		ok = len(got[i]) == len((*s.Rows)[i])
		for j := 0; ok && j < len(got[i]); j++ {
			ok = same(got[i][j], (*s.Rows)[i][j])
		}
	}
	if !ok {
		return fmt.Sprintf("got %v", got)
	}
	return ""
}

func (r *runner) block(b block) {
	other := map[bool]string{true: "no extension", false: "extension"}[r.ext]
	for i, s := range b.Steps {
		if s.Needs != other {
			Check(fmt.Sprintf("%d. %s #%d", b.Section, b.Name, i+1), r.run(s))
		}
	}
}

func (r *runner) install(build string) string {
	ctx := context.Background()
	if r.ext {
		var version int
		if err := r.conn.QueryRowContext(ctx, "SELECT tablao_migrate()").Scan(&version); err != nil {
			return err.Error()
		}
		return ""
	}
	script, err := os.ReadFile(build + "/tablao.sql")
	if err == nil {
		// Both drivers run all statements of a text that has no parameters.
		_, err = r.conn.ExecContext(ctx, string(script))
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func Main(d Driver) {
	path, database, build, way := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	die := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	file, err := os.Open(path)
	die(err)
	var scenario struct{ Blocks []block }
	decoder := json.NewDecoder(file)
	decoder.UseNumber() // 600 is an int64 then, not a float64
	die(decoder.Decode(&scenario))
	r := &runner{ext: way == "ext"}
	library := ""
	if r.ext {
		library = build + "/tablao"
	}
	db, err := d.Open(database, library)
	die(err)
	ctx := context.Background()
	r.conn, err = db.Conn(ctx)
	die(err)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		words := strings.Fields(input.Text())
		switch words[0] {
		case "version":
			fmt.Printf("version\t%s\t%s\n", d.Name, Text(ctx, r.conn, "SELECT sqlite_version()"))
		case "install":
			Check("install", r.install(build))
		case "block":
			n, _ := strconv.Atoi(words[1])
			r.block(scenario.Blocks[n])
		case "extra":
			d.Extra(ctx, r.conn, Check)
		}
		fmt.Println("done")
	}
	die(r.conn.Close())
	die(db.Close())
}

// Extra is what both drivers do that could matter.
func Extra(ctx context.Context, c *sql.Conn, check func(name, wrong string)) {
	exec := func(query string, args ...any) string {
		if _, err := c.ExecContext(ctx, query, args...); err != nil {
			return err.Error()
		}
		return ""
	}
	wrong := exec("UPDATE jobs SET settings = ? WHERE uuid = 'job-doc'", []byte(`{"x":1}`))
	if wrong == "" {
		wrong = Want(Text(ctx, c, "SELECT typeof(settings) || settings FROM jobs WHERE uuid = 'job-doc'"), `text{"x":1}`)
	}
	check("[]byte of JSON becomes text", wrong)
	wrong = exec("UPDATE jobs SET metadata = ? WHERE uuid = 'job-doc'", json.RawMessage(`{"y":2}`))
	if wrong == "" {
		wrong = Want(Text(ctx, c, "SELECT typeof(metadata) || metadata FROM jobs WHERE uuid = 'job-doc'"), `text{"y":2}`)
	}
	check("json.RawMessage becomes text", wrong)
	// What it is read into: text does not go into a json.RawMessage.
	var document json.RawMessage
	wrong = ""
	err := c.QueryRowContext(ctx, "SELECT metadata FROM jobs WHERE uuid = 'job-doc'").Scan(&document)
	if err == nil {
		wrong = "it is"
	}
	check("JSON is not read into a json.RawMessage", wrong)
	err = c.QueryRowContext(ctx, "SELECT CAST(metadata AS BLOB) FROM jobs WHERE uuid = 'job-doc'").Scan(&document)
	if wrong = Want(string(document), `{"y":2}`); err != nil {
		wrong = err.Error()
	}
	check("but as a BLOB it is", wrong)
	var read []byte
	err = c.QueryRowContext(ctx, "SELECT metadata FROM jobs WHERE uuid = 'job-doc'").Scan(&read)
	if wrong = Want(string(read), `{"y":2}`); err != nil {
		wrong = err.Error()
	}
	check("JSON is read into a []byte", wrong)
	// database/sql's own transaction, a refused statement in it, and a rollback.
	tx, err := c.BeginTx(ctx, nil)
	wrong = ""
	if err == nil {
		_, err = tx.ExecContext(ctx, "UPDATE jobs SET status = 'requeueing' WHERE uuid = 'job-shot'")
		if err == nil {
			if _, refused := tx.ExecContext(ctx, "UPDATE jobs SET status = 'wrong'"); refused == nil {
				wrong = "no error"
			}
		}
		tx.Rollback()
	}
	if err != nil {
		wrong = err.Error()
	}
	if wrong == "" {
		wrong = Want(Text(ctx, c, "SELECT status FROM jobs WHERE uuid = 'job-shot'"), "failed")
	}
	check("a Tx that is rolled back", wrong)
	// A prepared statement outlives the schema it was prepared for.
	stmt, err := c.PrepareContext(ctx, "UPDATE jobs SET priority = ? WHERE uuid = 'job-doc'")
	if err == nil {
		_, err = stmt.ExecContext(ctx, 82)
		if wrong := exec("CREATE TABLE go_side (x)"); err == nil && wrong == "" {
			exec("DROP TABLE go_side")
			_, err = stmt.ExecContext(ctx, 83)
		}
		stmt.Close()
	}
	wrong = ""
	if err != nil {
		wrong = err.Error()
	} else {
		wrong = Want(Text(ctx, c, "SELECT priority FROM jobs WHERE uuid = 'job-doc'"), "83")
	}
	check("a prepared statement outlives a change of the schema", wrong)
}
