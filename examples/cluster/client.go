package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// asker asks any of the managers, and the next one when that cannot answer.
type asker struct {
	managers     []string
	at           int
	uuid, secret string
	http         http.Client
	patience     time.Duration
}

func newAsker(managers []string) (*asker, error) {
	if len(managers) == 0 {
		return nil, errors.New("the managers' addresses are needed: http://127.0.0.1:8081 ...")
	}
	return &asker{managers: managers, http: http.Client{Timeout: 15 * time.Second}, patience: 3 * time.Minute}, nil
}

// ask sends a request until somebody answers it. again says that it was sent
// more than once: an earlier one may have been carried out, its answer lost.
// All requests of this program may be repeated: what they make is named by a
// uuid of their own, and what they change is refused or the same again.
func (c *asker) ask(method, path string, body, answer interface{}) (code int, again bool, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return 0, false, err
	}
	for end := time.Now().Add(c.patience); time.Now().Before(end); again = true {
		request, err := http.NewRequest(method, c.managers[c.at]+path, bytes.NewReader(data))
		if err != nil {
			return 0, again, err
		}
		request.SetBasicAuth(c.uuid, c.secret)
		response, err := c.http.Do(request)
		if err == nil {
			text, failed := io.ReadAll(response.Body)
			response.Body.Close()
			if failed == nil && response.StatusCode < 500 {
				if len(text) > 0 && answer != nil {
					err = json.Unmarshal(text, answer)
				}
				return response.StatusCode, again, err
			}
		}
		c.at = (c.at + 1) % len(c.managers)
		time.Sleep(100 * time.Millisecond)
	}
	return 0, again, fmt.Errorf("no manager has answered %s %s for %v", method, path, c.patience)
}

type message struct{ Message string }

// worker renders nothing, but sleeps. Ctrl-C or SIGTERM signs it off.
func worker(args []string) error {
	flags := flag.NewFlagSet("worker", flag.ExitOnError)
	name := flags.String("name", "", "the worker's name")
	types := flags.String("task-types", "misc", "what it can do, comma-separated")
	speed := flags.Float64("speed", 1, "10: sleeps a tenth of the time")
	flags.Parse(args)
	c, err := newAsker(flags.Args())
	if err != nil {
		return err
	}
	c.uuid, c.secret = newUUID(), newUUID()
	me := map[string]interface{}{"uuid": c.uuid, "secret": c.secret, "name": *name,
		"task_types": strings.Split(*types, ",")}
	code, _, err := c.ask("POST", "/worker/register", me, nil)
	if err != nil || code != 200 {
		return fmt.Errorf("cannot register: %d %v", code, err)
	}
	var stopping int32
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() { <-stop; atomic.StoreInt32(&stopping, 1) }()

	next := ""
	become := func() error {
		var then struct{ Status string }
		_, _, err := c.ask("POST", "/worker/status", map[string]string{"status": next}, &then)
		if next == "starting" {
			next = then.Status
		}
		return err
	}
	signOn := func() error {
		next = "starting"
		if err := become(); err != nil {
			return err
		}
		return become()
	}
	if err := signOn(); err != nil {
		return err
	}
	for next != "offline" && atomic.LoadInt32(&stopping) == 0 {
		var task struct {
			UUID, Name, Status string
			Commands           json.RawMessage
		}
		code, _, err := c.ask("POST", "/worker/task", nil, &task)
		switch {
		case err != nil:
			return err
		case code == 423:
			next = task.Status
			if err := become(); err != nil {
				return err
			}
		case code == 200:
			fmt.Printf("got %s %s\n", task.UUID, task.Name)
			if err := c.run(task.UUID, task.Commands, *speed); err != nil {
				return err
			}
		case code == 409 && (next == "awake" || next == "asleep"): // it was silent for too long: the farm has put it in error
			fmt.Println("signs on again")
			if err := signOn(); err != nil {
				return err
			}
		default: // nothing to do, or asleep
			time.Sleep(time.Duration(float64(time.Second) / *speed))
		}
	}
	next = "offline"
	return become()
}

type command struct {
	Name       string
	Parameters map[string]interface{}
}

// carryOut does what a task's commands say and gives what the last echo said; an
// error where they make no sense, of which a document may hold any.
func carryOut(data json.RawMessage, speed float64) (said interface{}, err error) {
	var commands []command
	if err := json.Unmarshal(data, &commands); err != nil {
		return nil, err
	}
	for _, command := range commands {
		switch command.Name {
		case "echo":
			message, ok := command.Parameters["message"].(string)
			if !ok {
				return nil, errors.New("echo wants a message")
			}
			said = message
		case "sleep":
			seconds, ok := command.Parameters["duration_in_seconds"].(float64)
			if !ok || seconds < 0 {
				return nil, errors.New("sleep wants duration_in_seconds")
			}
			time.Sleep(time.Duration(seconds / speed * float64(time.Second)))
		default:
			return nil, errors.New("no such command here: " + command.Name)
		}
	}
	return said, nil
}

// run runs a task's commands and reports what came of it. A report is
// acknowledged by 204; 409 is the farm's no: the task was taken away, or an
// earlier try of this report has been carried out.
func (c *asker) run(task string, commands json.RawMessage, speed float64) error {
	said, err := carryOut(commands, speed)
	report := map[string]interface{}{"status": "completed", "activity": said}
	if err != nil {
		report = map[string]interface{}{"status": "failed", "activity": err.Error()}
	}
	var why message
	code, again, err := c.ask("POST", "/worker/task/"+task, report, &why)
	switch {
	case err != nil:
		return err
	case code == 204:
		fmt.Printf("%s %s\n", report["status"], task)
	case code == 409 && again:
		fmt.Printf("unclear %s %s\n", task, why.Message)
	default:
		fmt.Printf("refused %s %s\n", task, why.Message)
	}
	return nil
}

// submit sends the jobs that standard input has, one JSON document after the
// other, and prints the uuid of each that is stored.
func submit(args []string) error {
	flags := flag.NewFlagSet("submit", flag.ExitOnError)
	flags.Parse(args)
	c, err := newAsker(flags.Args())
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(os.Stdin); ; {
		var job map[string]interface{}
		if err := decoder.Decode(&job); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if job == nil {
			return errors.New("a job is a JSON object, not null")
		}
		if job["uuid"] == nil {
			job["uuid"] = newUUID()
		}
		uuid := fmt.Sprint(job["uuid"])
		var why message
		code, again, err := c.ask("POST", "/jobs", job, &why)
		if err == nil && code == 409 && again {
			// Perhaps refused because an earlier try has stored it.
			code, _, err = c.ask("GET", "/jobs/"+uuid, nil, nil)
		}
		if err != nil {
			return err
		}
		if code != 200 {
			return fmt.Errorf("job %s: %s", uuid, why.Message)
		}
		fmt.Printf("stored %s\n", uuid)
	}
}

// list prints a line per job: uuid, status, tasks completed, tasks.
func list(args []string) error {
	c, err := newAsker(args)
	if err != nil {
		return err
	}
	var jobs []struct {
		UUID      string `json:"job_uuid"`
		Status    string
		Completed int `json:"num_completed"`
		Tasks     int `json:"num_tasks"`
	}
	code, _, err := c.ask("GET", "/jobs", nil, &jobs)
	if err == nil && code != 200 {
		err = fmt.Errorf("GET /jobs: %d", code)
	}
	for _, job := range jobs {
		fmt.Println(job.UUID, job.Status, job.Completed, job.Tasks)
	}
	return err
}
