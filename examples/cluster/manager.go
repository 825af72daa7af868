package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// refusal is an answer that says no, from the manager itself.
type refusal struct {
	code    int
	message string
}

func (r refusal) Error() string { return r.message }

// request is what a route gets.
type request struct {
	farm   *farm
	ctx    context.Context
	worker string // who signed
	name   string // from the path: a task's or a job's uuid
	body   map[string]interface{}
}

func (r request) text(member string) (string, error) {
	if s, ok := r.body[member].(string); ok {
		return s, nil
	}
	return "", refusal{400, member + " must be a string"}
}

// optional is a member for a statement: NULL where it is missing.
func (r request) optional(member string) (interface{}, error) {
	switch value := r.body[member].(type) {
	case nil, string:
		return value, nil
	case json.Number:
		n, err := value.Int64()
		if err != nil {
			return nil, refusal{400, member + " must be a whole number"}
		}
		return n, nil
	}
	return nil, refusal{400, member + " must be a string or a number"}
}

// register makes a worker. Whoever names it and its secret may ask again.
func register(r request) (int, interface{}, error) {
	name, err := r.text("name")
	if err != nil {
		return 0, nil, err
	}
	types, ok := r.body["task_types"].([]interface{})
	if !ok {
		return 0, nil, refusal{400, "task_types must be an array"}
	}
	list := make([]string, len(types))
	for i := range types {
		list[i] = fmt.Sprint(types[i])
	}
	uuid, secret := newUUID(), newUUID()
	if r.body["uuid"] != nil {
		if uuid, err = r.text("uuid"); err == nil {
			secret, err = r.text("secret")
		}
		if err != nil {
			return 0, nil, err
		}
	}
	err = r.farm.write(r.ctx, func(t tx) error {
		known, err := t.one("SELECT secret FROM workers WHERE uuid = ?", uuid)
		if err != nil {
			return err
		}
		if known == nil {
			return t.exec("INSERT INTO workers (uuid, secret, name, supported_task_types) VALUES (?, ?, ?, ?)",
				uuid, digest(secret), name, strings.Join(list, ","))
		}
		if !same(fmt.Sprint(known["secret"]), digest(secret)) {
			return refusal{409, "a worker of this uuid exists, with another secret"}
		}
		return nil
	})
	return 200, map[string]string{"uuid": uuid, "secret": secret}, err
}

// workerStatus is the worker's new status; the answer is what to become next.
func workerStatus(r request) (code int, answer interface{}, err error) {
	status, err := r.text("status")
	if err != nil {
		return 0, nil, err
	}
	err = r.farm.write(r.ctx, func(t tx) error {
		err := t.exec("UPDATE workers SET status = ?, last_seen_at = (SELECT now FROM farm_clock) WHERE uuid = ?",
			status, r.worker)
		if err == nil {
			answer, err = t.one("SELECT status FROM worker_next_statuses WHERE worker_uuid = ?", r.worker)
		}
		return err
	})
	return 200, answer, err
}

// nextTask is a claim. Asked again, it gives the task that the worker has.
// 204: there is none; 423: the worker must change to this status first.
func nextTask(r request) (code int, answer interface{}, err error) {
	err = r.farm.write(r.ctx, func(t tx) error {
		code, answer = 423, nil
		me, err := t.one("SELECT status, status_requested FROM workers WHERE uuid = ?", r.worker)
		if err != nil {
			return err
		}
		if me["status_requested"] != "" {
			answer = map[string]interface{}{"status": me["status_requested"]}
			return nil
		}
		if me["status"] == "asleep" { // it is there all the same; a claim would be refused, and it would time out
			code = 204
			return t.exec("UPDATE workers SET last_seen_at = (SELECT now FROM farm_clock) WHERE uuid = ?", r.worker)
		}
		if err = t.exec("INSERT INTO task_claims (worker_uuid) VALUES (?)", r.worker); err != nil {
			return err
		}
		task, err := t.one(`SELECT t.uuid, t.name, t.type, t.commands
			FROM task_claims c JOIN task_details t ON t.uuid = c.task_uuid
			WHERE c.worker_uuid = ? AND c.job_status IN ('queued', 'active')`, r.worker)
		code = 204
		if err == nil && task != nil {
			task["commands"] = json.RawMessage(fmt.Sprint(task["commands"]))
			code, answer = 200, task
		}
		return err
	})
	return code, answer, err
}

func taskUpdate(r request) (int, interface{}, error) {
	values := []interface{}{r.name, r.worker}
	for _, member := range []string{"status", "activity", "steps_completed"} {
		value, err := r.optional(member)
		if err != nil {
			return 0, nil, err
		}
		values = append(values, value)
	}
	return 204, nil, r.farm.write(r.ctx, func(t tx) error {
		return t.exec(`INSERT INTO task_updates (task_uuid, worker_uuid, status, activity, steps_completed)
			VALUES (?, ?, ?, ?, ?)`, values...)
	})
}

func submitJob(r request) (int, interface{}, error) {
	if r.body == nil {
		return 0, nil, refusal{400, "a job is a JSON object"}
	}
	if r.body["uuid"] == nil {
		r.body["uuid"] = newUUID()
	}
	r.body["status"] = "queued"
	document, err := json.Marshal(r.body)
	if err != nil {
		return 0, nil, err
	}
	err = r.farm.write(r.ctx, func(t tx) error {
		return t.exec("INSERT INTO authored_jobs (document) VALUES (?)", string(document))
	})
	if err != nil {
		return 0, nil, err
	}
	r.name = fmt.Sprint(r.body["uuid"])
	return job(r)
}

func job(r request) (code int, answer interface{}, err error) {
	err = r.farm.read(r.ctx, func(t tx) error {
		found, err := t.one("SELECT * FROM job_summaries WHERE job_uuid = ?", r.name)
		if err != nil {
			return err
		}
		if found == nil {
			return refusal{404, "no such job"}
		}
		found["tasks"], err = t.rows(`SELECT uuid, name, status, worker_name, activity
			FROM task_details WHERE job_uuid = ? ORDER BY index_in_job`, r.name)
		answer = found
		return err
	})
	return 200, answer, err
}

func jobs(r request) (code int, answer interface{}, err error) {
	err = r.farm.read(r.ctx, func(t tx) error {
		answer, err = t.rows("SELECT * FROM job_summaries")
		return err
	})
	return 200, answer, err
}

// jobStatus is cancel-requested, pause-requested or requeueing; the answer is
// what came of it.
func jobStatus(r request) (int, interface{}, error) {
	status, err := r.text("status")
	if err == nil {
		err = r.farm.write(r.ctx, func(t tx) error {
			return t.exec("UPDATE jobs SET status = ? WHERE uuid = ?", status, r.name)
		})
	}
	if err != nil {
		return 0, nil, err
	}
	return job(r)
}

// leader is the address of the node that writes, as nodes know each other.
func leader(r request) (int, interface{}, error) {
	address, err := leaderAddress(r.ctx, r.farm.node)
	if err != nil || address == "" {
		return 0, nil, errUnclear
	}
	return 200, map[string]string{"leader": address, "node": r.farm.node.Address()}, nil
}

var routes = []struct {
	method, path string
	do           func(request) (int, interface{}, error)
	signed       bool
}{
	{"POST", "/worker/register", register, false},
	{"POST", "/worker/status", workerStatus, true},
	{"POST", "/worker/task", nextTask, true},
	{"POST", "/worker/task/([^/]+)", taskUpdate, true},
	{"POST", "/jobs", submitJob, false},
	{"GET", "/jobs", jobs, false},
	{"GET", "/jobs/([^/]+)", job, false},
	{"POST", "/jobs/([^/]+)/status", jobStatus, false},
	{"GET", "/leader", leader, false},
}

func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// digest is what the farm keeps of a secret; who reads the file is not to be able to sign.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// signedBy is the worker whose uuid and secret came by basic authentication.
func (f *farm) signedBy(ctx context.Context, h *http.Request) (string, error) {
	uuid, secret, _ := h.BasicAuth()
	worker := ""
	return worker, f.read(ctx, func(t tx) error {
		known, err := t.one("SELECT secret FROM workers WHERE uuid = ? AND deleted_at IS NULL", uuid)
		if err == nil && (known == nil || !same(fmt.Sprint(known["secret"]), digest(secret))) {
			return refusal{401, "no such worker, or another secret"}
		}
		worker = uuid
		return err
	})
}

func (f *farm) answer(h *http.Request) (int, interface{}, error) {
	// Longer than an election takes, shorter than a client's patience.
	ctx, cancel := context.WithTimeout(h.Context(), 10*time.Second)
	defer cancel()
	for _, route := range routes {
		match := regexp.MustCompile("^" + route.path + "$").FindStringSubmatch(h.URL.Path)
		if match == nil || route.method != h.Method {
			continue
		}
		r := request{farm: f, ctx: ctx, name: match[len(match)-1]}
		decoder := json.NewDecoder(h.Body)
		decoder.UseNumber()
		if err := decoder.Decode(&r.body); err != nil && h.ContentLength != 0 {
			return 0, nil, refusal{400, "not a JSON object: " + err.Error()}
		}
		if route.signed {
			var err error
			if r.worker, err = f.signedBy(ctx, h); err != nil {
				return 0, nil, err
			}
		}
		return route.do(r)
	}
	return 0, nil, refusal{404, "no such path"}
}

func (f *farm) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	code, body, err := f.answer(h)
	var no refusal
	if errors.As(err, &no) {
		code, body = no.code, map[string]string{"message": no.message}
	} else if sqlite, message, ok := sqliteError(err); ok && (sqlite&0xff == 19 || message == "malformed JSON") {
		// The database says no, and why; SQLite does so of JSON that is nested too deep.
		code, body = 409, map[string]string{"message": message}
	} else if err != nil {
		w.Header().Set("Retry-After", "1")
		code, body = 503, map[string]string{"message": err.Error()}
	}
	var data []byte
	if code != 204 {
		if data, err = json.Marshal(body); err != nil {
			code, data = 500, []byte(`{"message": "an answer that is no JSON"}`)
		}
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(code)
	w.Write(data)
}

// ticks deals once in a while with what is due, on the leader only: elsewhere
// it would be done again.
func (f *farm) ticks(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
		once, cancel := context.WithTimeout(ctx, every)
		if address, err := leaderAddress(once, f.node); err == nil && address == f.node.Address() {
			err = f.write(once, func(t tx) error { return t.exec("INSERT INTO farm_ticks DEFAULT VALUES") })
			if err != nil {
				fmt.Fprintln(os.Stderr, "cluster: tick:", err)
			}
		}
		cancel()
	}
}

func manager(args []string) error {
	flags := flag.NewFlagSet("manager", flag.ExitOnError)
	dir := flags.String("dir", "", "the node's directory; it keeps its name and address there")
	address := flags.String("node", "", "host:port by which the other nodes reach this one")
	join := flags.String("join", "", "comma-separated addresses of nodes that are there already")
	listen := flags.String("http", "", "host:port to answer workers and people on")
	schema := flags.String("schema", "build/tablao.json", "the schema's statements")
	tick := flags.Duration("tick", time.Minute, "how often the leader looks for what is due")
	latency := flags.Duration("latency", 20*time.Millisecond,
		"one way between two nodes, at most; a dead leader is noticed after some 50 times that")
	flags.Parse(args)
	if *dir == "" || *address == "" || *listen == "" {
		return errors.New("manager: -dir, -node and -http are needed")
	}
	var others []string
	if *join != "" {
		others = strings.Split(*join, ",")
	}
	if err := os.MkdirAll(filepath.Clean(*dir), 0o777); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := startNode(*dir, *address, others, *latency)
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.Ready(ctx); err != nil {
		return err
	}
	f, err := openFarm(ctx, n)
	if err != nil {
		return err
	}
	defer f.db.Close()
	first, cancel := context.WithTimeout(ctx, 2*time.Minute)
	err = f.install(first, *schema)
	cancel()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: f}
	fmt.Printf("http://%s\n", listener.Addr())
	go f.ticks(ctx, *tick)
	go func() {
		<-ctx.Done()
		// What is under way ends; then another node leads.
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		server.Shutdown(last)
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return n.Handover(last)
}
