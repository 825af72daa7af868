package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"time"
)

// What the farm is, as far as the client keeps it in mind. Ids are the same
// in both databases, or a turn has said so.
type job struct {
	id   int64
	uuid string
	size int
	done bool // deleted, canceled or otherwise out of the way
}

type worker struct {
	id   int64
	uuid string
	task int64  // that it has, or 0
	name string // the task's uuid
	job  int64  // the task's
}

var (
	random  = rand.New(rand.NewSource(20261128))
	jobs    []*job
	workers []*worker
	tags    []int64
	number  int // of jobs that have been stored
)

func uuid() string {
	b := make([]byte, 16)
	random.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func null(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }

func as[T any](value any) T {
	t, _ := value.(T)
	return t
}

// --- Storing -------------------------------------------------------------------

type command struct {
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters"`
	Steps      int            `json:"total_step_count"`
}

func commands(index int) []byte {
	blob, err := json.Marshal([]command{{"blender-render", map[string]any{
		"args":       []string{"--render-output", fmt.Sprintf("/render/shot_%d/######", number), "--render-frame", strconv.Itoa(index)},
		"blendfile":  fmt.Sprintf("/shaman/checkouts/shot_%d/lighting.flamenco.blend", number),
		"exe":        "{blender}",
		"exeArgs":    "-b -y",
		"argsBefore": []string{},
	}, 1 + index%3}})
	if err != nil {
		panic(err)
	}
	return blob
}

// A job that copies, renders its frames and makes a film of them: all frames
// wait for the copy, and the film for all frames.
func store(label string, size int, priority int, tag int64) *job {
	number++
	j := &job{uuid: uuid(), size: size}
	uuids := make([]string, size)
	documents := make([][]byte, size)
	total := 0
	for i := range uuids {
		uuids[i] = uuid()
		documents[i] = commands(i + 1)
		total += 1 + (i+1)%3
	}
	settings := []byte(fmt.Sprintf(`{"blendfile":"/shots/%d/lighting.blend","chunk_size":1,"frames":"1-%d"}`, number, size))
	name := fmt.Sprintf("shot %d", number)
	s := turn(label, func(s *session) {
		s.write(func() {
			id := s.exec("insert job", s.now(), j.uuid, name, "simple-blender-render", priority,
				"under-construction", "", settings, []byte(`{"project":"Sprite","user.name":"dana"}`),
				"checkout/"+strconv.Itoa(number), null(tag), total)
			now := s.now()
			ids := make([]int64, size)
			for i := range ids {
				kind, at := "blender", 50
				switch {
				case i == 0:
					kind = "misc"
				case i == size-1:
					kind = "ffmpeg"
				case i%40 == 7:
					at = 60
				}
				ids[i] = s.exec("insert task", now, uuids[i], fmt.Sprintf("render-%d", i+1), kind, id,
					i+1, at, "queued", documents[i], 1+(i+1)%3)
			}
			for i := 1; i < size; i++ {
				s.exec("insert dependency", ids[i], ids[0])
			}
			for i := 1; i < size-1; i++ {
				s.exec("insert dependency", ids[size-1], ids[i])
			}
		})
		s.read(func() {
			if row := s.row("job", j.uuid); row != nil {
				j.id = as[int64](row[0])
			}
		})
	})
	if s.failed == nil {
		jobs = append(jobs, j)
	}
	return j
}

// --- Statuses ---------------------------------------------------------------------

func jobStatus(s *session, j *job, status, activity string) {
	s.write(func() { s.exec("set job status", s.now(), status, activity, j.id) })
}

func countTasks(s *session, j *job) {
	s.read(func() { s.rows("count task statuses", j.id) })
	s.read(func() { s.row("count tasks in status", j.id, "completed") })
}

func startJob(j *job) {
	turn("queue a job", func(s *session) {
		jobStatus(s, j, "queued", "Job is queued")
		countTasks(s, j)
	})
}

// The tasks of a job change all together, their steps follow.
func massChange(label string, j *job, first, then string, do func(s *session)) {
	turn(label, func(s *session) {
		s.read(func() { s.row("job", j.uuid) })
		jobStatus(s, j, first, "Changed to "+first)
		do(s)
		s.write(func() {
			s.exec("fill tasks' steps", s.now(), j.id, "completed")
			s.exec("clear tasks' steps", s.now(), j.id, "queued")
			s.exec("sum job steps", s.now(), j.id)
		})
		if then != "" {
			jobStatus(s, j, then, "Changed to "+then)
		}
	})
	for _, w := range workers {
		if w.job == j.id {
			w.task = 0
		}
	}
}

func cancel(j *job) {
	massChange("cancel a job of "+strconv.Itoa(j.size)+" tasks", j, "cancel-requested", "canceled", func(s *session) {
		s.write(func() {
			s.exec("set tasks' status from", s.now(), "canceled", "Job was canceled", j.id,
				"active", "queued", "soft-failed")
		})
	})
	j.done = true
}

func requeue(j *job) {
	massChange("requeue a job of "+strconv.Itoa(j.size)+" tasks", j, "requeueing", "queued", func(s *session) {
		s.write(func() { s.exec("clear blocks", j.uuid) })
		s.write(func() { s.exec("clear failures of job", j.id) })
		s.write(func() { s.exec("set tasks' status", s.now(), "queued", "Job was requeued", j.id) })
	})
	j.done = false
}

func pause(j *job) {
	massChange("pause a job of "+strconv.Itoa(j.size)+" tasks", j, "pause-requested", "", func(s *session) {
		s.write(func() {
			s.exec("set tasks' status from", s.now(), "paused", "Job is being paused", j.id,
				"queued", "soft-failed", "queued")
		})
	})
	j.done = true
}

func deleteJob(j *job) {
	turn("ask for a job's deletion", func(s *session) {
		s.read(func() { s.row("job", j.uuid) })
		s.write(func() { s.exec("request job deletion", s.now(), j.id) })
		s.read(func() { s.rows("jobs to delete") })
		s.read(func() { s.row("job checkout", j.uuid) })
	})
	turn("delete a job of "+strconv.Itoa(j.size)+" tasks", func(s *session) {
		s.write(func() { s.exec("delete job", j.uuid) })
	})
	jobs = slices.DeleteFunc(jobs, func(other *job) bool { return other == j })
	for _, w := range workers {
		if w.job == j.id {
			w.task = 0
		}
	}
}

// --- Workers ----------------------------------------------------------------------

func register(i int) {
	w := &worker{uuid: uuid()}
	types := "blender,ffmpeg,file-management,misc"
	if i%5 == 4 {
		types = "blender,misc"
	}
	s := turn("register a worker", func(s *session) {
		s.write(func() {
			row := s.row("insert worker", s.now(), w.uuid, "$2a$10$"+w.uuid, fmt.Sprintf("render-%02d", i),
				fmt.Sprintf("192.168.3.%d", i), "linux", "3.9", "", nil, "", false, types, nil, i%2 == 0)
			if row != nil {
				w.id = as[int64](row[0])
			}
		})
	})
	turn("sign a worker on", func(s *session) {
		s.read(func() { s.row("worker", w.uuid) })
		s.write(func() {
			s.exec("set whole worker", s.now(), w.uuid, "$2a$10$"+w.uuid, fmt.Sprintf("render-%02d", i),
				fmt.Sprintf("192.168.3.%d", i), "linux", "3.9.1", "starting", s.now(), "", false, types, i%2 == 0, w.id)
		})
		s.read(func() { s.rows("tags of worker", w.uuid) })
		s.write(func() { s.exec("set worker status", s.now(), "awake", "", false, w.id) })
	})
	if s.failed == nil {
		workers = append(workers, w)
	}
}

func see(s *session, w *worker) {
	s.read(func() { s.row("worker", w.uuid) })
	s.write(func() { s.exec("see worker", s.now(), w.id) })
}

// The worker asks for a task, gets it, and says that it has begun.
func schedule(w *worker) {
	var task, job int64
	var name, status string
	got := turn("schedule a task", func(s *session) {
		see(s, w)
		var row []any
		s.write(func() {
			row = s.row("active task of worker", "active", w.id, "active", "queued")
			if row != nil {
				return
			}
			mine := s.rows("tags of worker", w.uuid)
			two := [2]any{nil, nil}
			for i := 0; i < len(mine) && i < 2; i++ {
				two[i] = mine[i][0]
			}
			row = s.row("runnable task", w.id, "completed", two[0], two[1], "queued", "soft-failed",
				"active", "queued", "blender", "ffmpeg", "file-management", "misc")
			if row != nil {
				s.exec("assign task", w.id, s.now(), row[0])
			}
		})
		if row != nil {
			task, name, job, status = as[int64](row[0]), as[string](row[3]), as[int64](row[6]), as[string](row[9])
		}
	})
	if got.failed != nil || task == 0 {
		return
	}
	w.task, w.name, w.job = task, name, job
	if status == "active" {
		return
	}
	turn("begin a task", func(s *session) {
		s.write(func() { s.exec("touch task", s.now(), name) })
		s.write(func() { s.exec("set task status", s.now(), "active", task) })
		s.write(func() { s.exec("set task activity", s.now(), "Task is active", task) })
		var row []any
		s.read(func() { row = s.row("job by id", job) })
		if row != nil && as[string](row[7]) == "queued" {
			s.write(func() { s.exec("set job status", s.now(), "active", "Job became active", job) })
		}
	})
}

// What every report of a worker comes to. Returns how many steps its task has.
func reported(s *session, w *worker, activity string) int64 {
	var row []any
	s.read(func() { s.row("worker", w.uuid) })
	s.read(func() { row = s.row("task", w.name) })
	s.write(func() { s.exec("touch task", s.now(), w.name) })
	s.write(func() { s.exec("set task activity", s.now(), activity, w.task) })
	s.write(func() { s.exec("see worker", s.now(), w.id) })
	if row == nil {
		return 0
	}
	return as[int64](row[15])
}

func progress(w *worker, steps int) {
	turn("report steps", func(s *session) {
		reported(s, w, "Rendering")
		s.write(func() {
			s.exec("set task steps", s.now(), steps, w.task)
			s.exec("sum job steps", s.now(), w.job)
		})
		s.read(func() { s.row("job by id", w.job) })
	})
}

func complete(w *worker) {
	turn("complete a task", func(s *session) {
		steps := reported(s, w, "Rendered")
		s.write(func() { s.exec("set task status", s.now(), "completed", w.task) })
		s.read(func() { s.row("job by id", w.job) })
		s.read(func() { s.row("count tasks in status", w.job, "completed") })
		s.read(func() { s.rows("count task statuses", w.job) })
		s.write(func() {
			s.exec("set task steps", s.now(), steps, w.task)
			s.exec("sum job steps", s.now(), w.job)
		})
	})
	w.task = 0
}

// Fails the task softly, for another worker; a third one fails it for good.
func fail(w *worker, last bool) {
	j := jobOf(w.job)
	status := "soft-failed"
	if last {
		status = "failed"
	}
	turn("fail a task", func(s *session) {
		reported(s, w, "Out of memory")
		s.read(func() { s.row("count failures of worker", w.id, j.uuid, "blender") })
		s.write(func() { s.exec("insert failure", s.now(), w.task, w.id) })
		s.read(func() { s.row("count failures of task", w.task) })
		s.read(func() { s.rows("workers that failed task", w.task) })
		s.read(func() { s.rows("workers left", w.job, "blender") })
		s.read(func() { s.rows("workers left with tag", w.job, "blender", tags[0]) })
		s.write(func() { s.exec("set task status", s.now(), status, w.task) })
		s.write(func() { s.exec("set task activity", s.now(), "Failed by a worker", w.task) })
		countTasks(s, j)
	})
	w.task = 0
}

func block(w *worker, j *job) {
	turn("block a worker", func(s *session) {
		s.write(func() { s.exec("insert block", s.now(), j.id, w.id, "blender") })
		s.write(func() { s.exec("insert block", s.now(), j.id, w.id, "blender") })
		s.read(func() { s.rows("blocks of job", j.uuid) })
		s.read(func() { s.rows("workers left", j.id, "blender") })
		s.read(func() { s.rows("tasks of worker in status of job", w.id, "failed", j.uuid) })
	})
}

// A worker that goes to sleep or offline gives its task back.
func away(w *worker, status string) {
	turn("a worker goes away and comes back", func(s *session) {
		s.read(func() { s.row("worker", w.uuid) })
		s.write(func() { s.exec("set worker status", s.now(), status, "", false, w.id) })
		var mine [][]any
		s.read(func() { mine = s.rows("tasks of worker in status", w.id, "active") })
		for _, row := range mine {
			s.write(func() { s.exec("set task status", s.now(), "queued", row[0]) })
			s.write(func() { s.exec("set task activity", s.now(), "Worker went "+status, row[0]) })
			s.write(func() { s.exec("set task worker", s.now(), nil, row[0]) })
		}
		s.write(func() { s.exec("set worker status", s.now(), "awake", "", false, w.id) })
	})
	w.task = 0
}

func tagWorkers(w *worker) {
	turn("tag a worker", func(s *session) {
		s.read(func() { s.rows("tags") })
		s.write(func() {
			s.exec("clear tags", w.id)
			for _, tag := range tags[:1+int(w.id)%2] {
				s.exec("add tag", tag, w.id)
			}
		})
		s.read(func() { s.rows("tags of worker", w.uuid) })
	})
}

func sleeps(w *worker) {
	turn("set a sleep schedule", func(s *session) {
		s.write(func() {
			s.exec("set schedule", s.now(), s.now(), w.id, w.id%2 == 0, "mo tu we th fr", "09:00", "18:00",
				s.ago(time.Hour))
		})
		s.read(func() { s.rows("schedule of worker", w.uuid) })
	})
}

func jobOf(id int64) *job {
	for _, j := range jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

func jobLike(size int) *job {
	for _, j := range jobs {
		if j.size == size && !j.done {
			return j
		}
	}
	return nil
}

// --- Looking -----------------------------------------------------------------------

func look() {
	turn("list workers", func(s *session) { s.read(func() { s.rows("workers") }) })
	turn("list jobs", func(s *session) { s.read(func() { s.rows("jobs") }) })
	if j := jobLike(1000); j != nil {
		turn("list the 1000 tasks of a job", func(s *session) {
			s.read(func() { s.rows("task summaries", j.uuid) })
		})
		turn("fetch the 1000 tasks of a job", func(s *session) {
			s.read(func() { s.rows("tasks of job", j.id) })
			s.read(func() { s.rows("tasks of job in status", j.id, "active", "queued", "soft-failed") })
		})
	}
	turn("count jobs and workers", func(s *session) {
		s.read(func() { s.rows("count job statuses") })
		s.read(func() { s.rows("count worker statuses") })
		s.read(func() { s.rows("jobs in status", "active", "queued") })
		s.read(func() { s.rows("last rendered") })
	})
	turn("look for what timed out", func(s *session) {
		s.read(func() { s.rows("timed out tasks", "active", s.ago(3*time.Second)) })
		s.read(func() { s.rows("timed out workers", s.ago(3*time.Second), "error", "offline") })
		s.read(func() { s.rows("schedules due", s.now()) })
	})
	w := workers[random.Intn(len(workers))]
	turn("see what a worker does", func(s *session) {
		s.read(func() { s.row("any worker", w.uuid) })
		s.read(func() { s.row("task of worker", "active", "active", w.id) })
	})
}

// Small changes that a person makes.
func tidy() {
	j := jobs[random.Intn(len(jobs))]
	priority := []int{40, 50, 50, 60}[random.Intn(4)]
	turn("change a job", func(s *session) {
		s.write(func() { s.exec("set job priority", s.now(), priority, j.id) })
		s.write(func() { s.exec("set job tag", s.now(), null(0), j.id) })
		s.write(func() { s.exec("set job checkout", "checkout/moved", j.id) })
		s.write(func() { s.exec("set last rendered", s.now(), s.now(), j.id) })
		s.read(func() { s.rows("old jobs", s.ago(time.Minute)) })
	})
	w := workers[random.Intn(len(workers))]
	turn("save a whole task", func(s *session) {
		var row []any
		s.read(func() { row = s.row("task of worker", "active", "active", w.id) })
		if row == nil {
			return
		}
		s.write(func() {
			s.exec("set whole task", s.now(), row[4], row[5], row[8], row[9], row[10], row[11], row[12],
				"saved whole", row[15], row[14], row[0])
		})
		s.write(func() { s.exec("set next check", s.now(), 1) })
	})
}

// --- Runs ----------------------------------------------------------------------------

// A farm in the middle of its life: workers, jobs of equal priority, of which
// the older may be queued and the newer active.
func fill(tasks int) {
	for i := 1; i <= 3; i++ {
		name := []string{"", "CPU", "GPU", "Big Memory"}[i]
		id := uuid()
		s := turn("make a tag", func(s *session) {
			s.write(func() {
				made := s.exec("insert tag", s.now(), id, name, "machines of the studio")
				s.exec("set tag", s.now(), id, name, "machines of the studio, "+name, made)
			})
			s.read(func() { s.row("tag", id) })
		})
		if s.failed == nil {
			tags = append(tags, int64(i))
		}
	}
	for i := 0; i < 30; i++ {
		register(i)
	}
	for _, w := range workers[:12] {
		tagWorkers(w)
	}
	for _, w := range workers[:6] {
		sleeps(w)
	}
	for stored := 0; stored < tasks; stored += 500 {
		tag := int64(0)
		if number%6 == 5 {
			tag = tags[number%3]
		}
		j := store("fill", 500, []int{50, 50, 40, 50, 60}[number%5], tag)
		switch number % 4 {
		case 0:
			startJob(j)
		case 1:
			turn("fill: complete", func(s *session) {
				s.write(func() { s.exec("set tasks' status", s.now(), "completed", "", j.id) })
				jobStatus(s, j, "completed", "")
			})
			j.done = true
		case 2:
			startJob(j)
			turn("fill: activate", func(s *session) { jobStatus(s, j, "active", "") })
		}
	}
}

// What is timed, in parts that can be run alone, too. Storing goes first, as
// a studio's morning does.
var parts = []struct {
	name string
	run  func()
}{
	{"store", func() {
		for i := 0; i < 20; i++ {
			startJob(store("store a job of 100 tasks", 100, 50, 0))
		}
		for i := 0; i < 9; i++ {
			startJob(store("store a job of 1000 tasks", 1000, 50, 0))
		}
		for i := 0; i < 5; i++ {
			store("store a job of 3500 tasks", 3500, 30, 0)
		}
	}},
	{"work", func() {
		for i := 0; i < 20; i++ {
			turn("open a connection", func(s *session) { s.connect() })
		}
		for i := 0; i < 15; i++ {
			register(30 + i)
		}
		work(5)
	}},
	{"mass", func() {
		for i := 0; i < 20; i++ {
			j := jobLike(1000)
			cancel(j)
			requeue(j)
			if i < 5 {
				cancel(jobLike(3500))
			}
		}
		for i := 0; i < 8; i++ {
			pause(jobLike(1000))
			cancel(jobLike(100))
		}
	}},
	{"delete", func() {
		for _, size := range []int{100, 100, 100, 500, 1000} {
			i := slices.IndexFunc(jobs, func(j *job) bool { return j.size == size })
			deleteJob(jobs[i])
		}
		retire()
		work(1)
	}},
}

func measure(names []string) {
	for _, part := range parts {
		if len(names) == 0 || slices.Contains(names, part.name) {
			part.run()
		}
	}
}

// Rounds of a farm at work.
func work(rounds int) {
	for round := 0; round < rounds; round++ {
		for i, w := range workers {
			if i%3 == round%3 || w.task != 0 {
				continue
			}
			schedule(w)
		}
		look()
		for i, w := range workers {
			switch {
			case w.task == 0:
				continue
			case i%7 == 3:
				fail(w, round%4 == 3)
			case i%11 == 5:
				away(w, []string{"asleep", "offline"}[round%2])
			case i%2 == 0:
				progress(w, 1)
			default:
				complete(w)
			}
		}
		for i := 0; i < 3; i++ {
			tidy()
		}
		if j := jobLike(100); j != nil {
			block(workers[(round*5)%len(workers)], j)
		}
		look()
		// Those that reported progress have done it now.
		for i, w := range workers {
			if w.task != 0 && i%4 == 0 {
				complete(w)
			}
		}
	}
}

// What happens to few of them, once.
func retire() {
	first, last := workers[0], workers[len(workers)-1]
	turn("forgive", func(s *session) {
		var row []any
		s.read(func() { row = s.row("task of worker", "active", "active", first.id) })
		if row != nil {
			s.write(func() { s.exec("clear failures of task", row[0]) })
		}
		for _, j := range jobs[:5] {
			s.write(func() { s.exec("delete block", j.uuid, first.uuid, "blender") })
		}
	})
	turn("soft-delete a worker", func(s *session) {
		s.write(func() { s.exec("soft-delete worker", s.now(), last.uuid) })
		s.read(func() { s.row("any worker", last.uuid) })
		s.read(func() { s.row("worker", last.uuid) })
	})
	workers = workers[:len(workers)-1]
	turn("ask for two jobs' deletion", func(s *session) {
		s.write(func() { s.exec("request jobs' deletion", s.now(), jobs[0].uuid, jobs[1].uuid) })
		s.read(func() { s.rows("jobs to delete") })
	})
	gone := uuid()
	turn("delete a tag", func(s *session) {
		s.write(func() {
			id := s.exec("insert tag", s.now(), gone, gone, "")
			s.exec("add tag", id, first.id)
			s.exec("set job tag", s.now(), id, jobs[2].id)
		})
		s.write(func() { s.exec("delete tag", gone) })
		s.read(func() { s.row("job by id", jobs[2].id) })
	})
}
