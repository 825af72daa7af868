package main

import "strings"

// What a statement may cost on an observed farm, in opcodes.
type kind int

const (
	plain   kind = iota // 2.5 times what it costs on a plain database
	task                // changes a task's status or worker: 350 more
	farm                // stores a job or worker, or changes its status: 180 more
	storing             // fires no trigger at all
)

func (k kind) limit(before int) int {
	switch k {
	case task:
		return before + 350
	case farm:
		return before + 180
	}
	return before * 5 / 2
}

type statement struct {
	name string
	kind kind
	sql  string
}

// The columns of the tables, all of them, as Flamenco's Manager names them.
const (
	taskColumns = "t.id, t.created_at, t.updated_at, t.uuid, t.name, t.type, t.job_id," +
		" t.index_in_job, t.priority, t.status, t.worker_id, t.last_touched_at," +
		" t.commands, t.activity, t.steps_completed, t.steps_total"
	workerColumns = "w.id, w.created_at, w.updated_at, w.uuid, w.secret, w.name, w.address," +
		" w.platform, w.software, w.status, w.last_seen_at, w.status_requested," +
		" w.lazy_status_request, w.supported_task_types, w.deleted_at, w.can_restart"
	jobColumns = "j.id, j.created_at, j.updated_at, j.uuid, j.name, j.job_type, j.priority," +
		" j.status, j.activity, j.settings, j.metadata, j.delete_requested_at," +
		" j.storage_shaman_checkout_id, j.worker_tag_id, j.steps_completed, j.steps_total"
)

// Every statement that the client runs on both databases. They do what the
// statements of Flamenco 3.9's Manager do, with the same tables in the same
// roles, and everything that differs from call to call bound.
var statements = []statement{
	// Storing.
	{"insert job", farm, `
		INSERT INTO jobs (created_at, updated_at, uuid, name, job_type, priority,
			status, activity, settings, metadata, storage_shaman_checkout_id,
			worker_tag_id, steps_total)
		VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`},
	{"insert task", storing, `
		INSERT INTO tasks (created_at, updated_at, uuid, name, type, job_id,
			index_in_job, priority, status, commands, steps_total)
		VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`},
	{"insert dependency", storing, `
		INSERT INTO task_dependencies (task_id, dependency_id) VALUES (?1, ?2)`},

	// Jobs.
	{"job", plain, `SELECT ` + jobColumns + ` FROM jobs AS j WHERE j.uuid = ?1 LIMIT 1`},
	{"job by id", plain, `SELECT ` + jobColumns + ` FROM jobs AS j WHERE j.id = ?1 LIMIT 1`},
	{"jobs", plain, `SELECT ` + jobColumns + ` FROM jobs AS j`},
	{"jobs in status", plain, `
		SELECT ` + jobColumns + ` FROM jobs AS j WHERE j.status IN (?1, ?2)`},
	{"old jobs", plain, `SELECT uuid FROM jobs WHERE updated_at <= ?1`},
	{"jobs to delete", plain, `
		SELECT uuid FROM jobs WHERE delete_requested_at IS NOT NULL
		ORDER BY delete_requested_at`},
	{"count job statuses", plain, `SELECT status, count(id) FROM jobs GROUP BY status`},
	{"job checkout", plain, `SELECT storage_shaman_checkout_id FROM jobs WHERE uuid = ?1`},
	{"set job status", farm, `
		UPDATE jobs SET updated_at = ?1, status = ?2, activity = ?3 WHERE id = ?4`},
	{"set job priority", plain, `UPDATE jobs SET updated_at = ?1, priority = ?2 WHERE id = ?3`},
	{"set job tag", plain, `UPDATE jobs SET updated_at = ?1, worker_tag_id = ?2 WHERE id = ?3`},
	{"set job checkout", plain, `
		UPDATE jobs SET storage_shaman_checkout_id = ?1 WHERE id = ?2`},
	{"sum job steps", plain, `
		UPDATE jobs SET updated_at = ?1,
			steps_completed = (SELECT coalesce(sum(steps_completed), 0)
				FROM tasks WHERE job_id = ?2),
			steps_total = (SELECT coalesce(sum(steps_total), 0)
				FROM tasks WHERE job_id = ?2)
		WHERE id = ?2`},
	{"request job deletion", plain, `
		UPDATE jobs SET updated_at = ?1, delete_requested_at = ?1 WHERE id = ?2`},
	{"request jobs' deletion", plain, `
		UPDATE jobs SET updated_at = ?1, delete_requested_at = ?1 WHERE uuid IN (?2, ?3)`},
	{"delete job", plain, `DELETE FROM jobs WHERE uuid = ?1`},

	// Tasks.
	{"task", plain, `
		SELECT ` + taskColumns + `, j.uuid, w.uuid
		FROM tasks AS t
		LEFT JOIN jobs AS j ON t.job_id = j.id
		LEFT JOIN workers AS w ON t.worker_id = w.id
		WHERE t.uuid = ?1`},
	{"tasks of job", plain, `
		SELECT ` + taskColumns + `, w.uuid
		FROM tasks AS t LEFT JOIN workers AS w ON t.worker_id = w.id
		WHERE t.job_id = ?1`},
	{"tasks of job in status", plain, `
		SELECT ` + taskColumns + `, w.uuid
		FROM tasks AS t LEFT JOIN workers AS w ON t.worker_id = w.id
		WHERE t.job_id = ?1 AND t.status IN (?2, ?3, ?4)`},
	{"task summaries", plain, `
		SELECT t.id, t.uuid, t.name, t.index_in_job, t.priority, t.status, t.type,
			t.updated_at, t.steps_completed, t.steps_total, w.uuid
		FROM tasks AS t
		LEFT JOIN jobs AS j ON j.id = t.job_id
		LEFT JOIN workers AS w ON w.id = t.worker_id
		WHERE j.uuid = ?1`},
	{"tasks of worker in status", plain, `
		SELECT ` + taskColumns + `, j.uuid
		FROM tasks AS t INNER JOIN jobs AS j ON t.job_id = j.id
		WHERE t.worker_id = ?1 AND t.status = ?2`},
	{"tasks of worker in status of job", plain, `
		SELECT ` + taskColumns + `
		FROM tasks AS t LEFT JOIN jobs AS j ON t.job_id = j.id
		WHERE t.worker_id = ?1 AND t.status = ?2 AND j.uuid = ?3`},
	{"count tasks in status", plain, `
		SELECT count(*) FROM tasks WHERE job_id = ?1 AND status = ?2`},
	{"count task statuses", plain, `
		SELECT status, count(*) FROM tasks WHERE job_id = ?1 GROUP BY status`},
	{"set task status", task, `UPDATE tasks SET updated_at = ?1, status = ?2 WHERE id = ?3`},
	{"set task activity", plain, `UPDATE tasks SET updated_at = ?1, activity = ?2 WHERE id = ?3`},
	{"set task steps", plain, `
		UPDATE tasks SET updated_at = ?1, steps_completed = ?2 WHERE id = ?3`},
	{"touch task", plain, `
		UPDATE tasks SET updated_at = ?1, last_touched_at = ?1 WHERE uuid = ?2`},
	{"set whole task", task, `
		UPDATE tasks SET updated_at = ?1, name = ?2, type = ?3, priority = ?4,
			status = ?5, worker_id = ?6, last_touched_at = ?7, commands = ?8,
			activity = ?9, steps_total = ?10, steps_completed = ?11
		WHERE id = ?12`},
	{"set task worker", task, `UPDATE tasks SET updated_at = ?1, worker_id = ?2 WHERE id = ?3`},
	{"set tasks' status", task, `
		UPDATE tasks SET updated_at = ?1, status = ?2, activity = ?3 WHERE job_id = ?4`},
	{"set tasks' status from", task, `
		UPDATE tasks SET updated_at = ?1, status = ?2, activity = ?3
		WHERE job_id = ?4 AND status IN (?5, ?6, ?7)`},
	{"fill tasks' steps", plain, `
		UPDATE tasks SET updated_at = ?1, steps_completed = steps_total
		WHERE job_id = ?2 AND status IN (?3)`},
	{"clear tasks' steps", plain, `
		UPDATE tasks SET updated_at = ?1, steps_completed = 0
		WHERE job_id = ?2 AND status IN (?3)`},

	// Scheduling. There is no LIMIT: the client reads a row and goes.
	{"active task of worker", plain, `
		SELECT ` + taskColumns + `, j.uuid, j.priority, j.job_type
		FROM tasks AS t INNER JOIN jobs AS j ON t.job_id = j.id
		WHERE t.status = ?1 AND t.worker_id = ?2 AND j.status IN (?3, ?4)
		LIMIT 1`},
	{"runnable task", plain, `
		SELECT ` + taskColumns + `, j.uuid, j.priority, j.job_type
		FROM tasks AS t
		INNER JOIN jobs AS j ON t.job_id = j.id
		LEFT JOIN task_failures AS f ON f.task_id = t.id AND f.worker_id = ?1
		WHERE f.worker_id IS NULL
			AND t.id NOT IN (
				SELECT waiting.id
				FROM tasks AS waiting
				INNER JOIN task_dependencies AS d ON d.task_id = waiting.id
				INNER JOIN tasks AS other ON other.id = d.dependency_id
				WHERE other.status != ?2)
			AND t.type NOT IN (
				SELECT b.task_type FROM job_blocks AS b
				WHERE b.worker_id = ?1 AND b.job_id = j.id)
			AND (j.worker_tag_id IS NULL OR j.worker_tag_id IN (?3, ?4))
			AND t.status IN (?5, ?6)
			AND j.status IN (?7, ?8)
			AND t.type IN (?9, ?10, ?11, ?12)
		ORDER BY j.priority DESC, t.priority DESC`},
	{"assign task", task, `
		UPDATE tasks SET worker_id = ?1, last_touched_at = ?2, updated_at = ?2
		WHERE id = ?3`},
	{"task of worker", plain, `
		SELECT ` + taskColumns + `, j.uuid,
			CAST(t.status = ?1 AND j.status = ?2 AS boolean) AS is_active
		FROM tasks AS t INNER JOIN jobs AS j ON t.job_id = j.id
		WHERE t.worker_id = ?3
		ORDER BY is_active DESC, t.updated_at DESC
		LIMIT 1`},
	{"timed out tasks", plain, `
		SELECT ` + taskColumns + `, CAST(j.uuid AS text), CAST(w.name AS text),
			CAST(w.uuid AS text)
		FROM tasks AS t
		LEFT JOIN jobs AS j ON j.id = t.job_id
		LEFT JOIN workers AS w ON w.id = t.worker_id
		WHERE t.status = ?1 AND t.last_touched_at <= ?2`},

	// Failures and blocks.
	{"insert failure", plain, `
		INSERT INTO task_failures (created_at, task_id, worker_id)
		VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`},
	{"count failures of task", plain, `SELECT count(*) FROM task_failures WHERE task_id = ?1`},
	{"count failures of worker", plain, `
		SELECT count(f.task_id)
		FROM task_failures AS f
		INNER JOIN tasks AS t ON f.task_id = t.id
		INNER JOIN jobs AS j ON t.job_id = j.id
		WHERE f.worker_id = ?1 AND j.uuid = ?2 AND t.type = ?3`},
	{"workers that failed task", plain, `
		SELECT ` + workerColumns + `
		FROM workers AS w INNER JOIN task_failures AS f ON f.worker_id = w.id
		WHERE f.task_id = ?1`},
	{"clear failures of task", plain, `DELETE FROM task_failures WHERE task_id = ?1`},
	{"clear failures of job", plain, `
		DELETE FROM task_failures
		WHERE task_id IN (SELECT id FROM tasks WHERE job_id = ?1)`},
	{"insert block", plain, `
		INSERT INTO job_blocks (created_at, job_id, worker_id, task_type)
		VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`},
	{"blocks of job", plain, `
		SELECT b.id, b.task_type, w.uuid, w.name
		FROM job_blocks AS b
		INNER JOIN jobs AS j ON j.id = b.job_id
		INNER JOIN workers AS w ON w.id = b.worker_id
		WHERE j.uuid = ?1
		ORDER BY w.name`},
	{"delete block", plain, `
		DELETE FROM job_blocks
		WHERE job_id IN (SELECT id FROM jobs WHERE uuid = ?1)
			AND worker_id IN (SELECT id FROM workers WHERE uuid = ?2)
			AND task_type = ?3`},
	{"clear blocks", plain, `
		DELETE FROM job_blocks WHERE job_id IN (SELECT id FROM jobs WHERE uuid = ?1)`},
	{"workers left", plain, `
		SELECT uuid FROM workers
		WHERE id NOT IN (
			SELECT blocked.id
			FROM workers AS blocked INNER JOIN job_blocks AS b ON blocked.id = b.worker_id
			WHERE b.job_id = ?1 AND b.task_type = ?2)`},
	{"workers left with tag", plain, `
		SELECT w.uuid
		FROM workers AS w
		INNER JOIN worker_tag_membership AS m ON w.id = m.worker_id
		WHERE w.id NOT IN (
			SELECT blocked.id
			FROM workers AS blocked INNER JOIN job_blocks AS b ON blocked.id = b.worker_id
			WHERE b.job_id = ?1 AND b.task_type = ?2)
			AND m.worker_tag_id = ?3`},

	// The last rendered job.
	{"set last rendered", plain, `
		INSERT INTO last_rendereds (id, created_at, updated_at, job_id)
		VALUES (1, ?1, ?2, ?3)
		ON CONFLICT DO UPDATE SET updated_at = ?2, job_id = ?3 WHERE id = 1`},
	{"last rendered", plain, `
		SELECT j.uuid FROM jobs AS j INNER JOIN last_rendereds AS r ON j.id = r.job_id`},

	// Workers.
	{"insert worker", farm, `
		INSERT INTO workers (created_at, uuid, secret, name, address, platform,
			software, status, last_seen_at, status_requested, lazy_status_request,
			supported_task_types, deleted_at, can_restart)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
		RETURNING id`},
	{"worker", plain, `
		SELECT ` + workerColumns + ` FROM workers AS w
		WHERE w.uuid = ?1 AND w.deleted_at IS NULL`},
	{"any worker", plain, `SELECT ` + workerColumns + ` FROM workers AS w WHERE w.uuid = ?1`},
	{"workers", plain, `
		SELECT ` + workerColumns + ` FROM workers AS w WHERE w.deleted_at IS NULL`},
	{"count worker statuses", plain, `
		SELECT status, count(id) FROM workers WHERE deleted_at IS NULL GROUP BY status`},
	{"timed out workers", plain, `
		SELECT ` + workerColumns + ` FROM workers AS w
		WHERE w.last_seen_at <= ?1 AND w.deleted_at IS NULL AND w.status NOT IN (?2, ?3)`},
	{"set worker status", farm, `
		UPDATE workers SET updated_at = ?1, status = ?2, status_requested = ?3,
			lazy_status_request = ?4
		WHERE id = ?5`},
	{"set whole worker", farm, `
		UPDATE workers SET updated_at = ?1, uuid = ?2, secret = ?3, name = ?4,
			address = ?5, platform = ?6, software = ?7, status = ?8,
			last_seen_at = ?9, status_requested = ?10, lazy_status_request = ?11,
			supported_task_types = ?12, can_restart = ?13
		WHERE id = ?14`},
	{"see worker", plain, `
		UPDATE workers SET updated_at = ?1, last_seen_at = ?1 WHERE id = ?2`},
	{"soft-delete worker", farm, `UPDATE workers SET deleted_at = ?1 WHERE uuid = ?2`},

	// Tags and sleep schedules.
	{"insert tag", plain, `
		INSERT INTO worker_tags (created_at, uuid, name, description)
		VALUES (?1, ?2, ?3, ?4)`},
	{"set tag", plain, `
		UPDATE worker_tags SET updated_at = ?1, uuid = ?2, name = ?3, description = ?4
		WHERE id = ?5`},
	{"delete tag", plain, `DELETE FROM worker_tags WHERE uuid = ?1`},
	{"tag", plain, `
		SELECT id, created_at, updated_at, uuid, name, description
		FROM worker_tags WHERE uuid = ?1`},
	{"tags", plain, `
		SELECT id, created_at, updated_at, uuid, name, description FROM worker_tags`},
	{"tags of worker", plain, `
		SELECT g.id, g.created_at, g.updated_at, g.uuid, g.name, g.description
		FROM worker_tags AS g
		LEFT JOIN worker_tag_membership AS m ON m.worker_tag_id = g.id
		LEFT JOIN workers AS w ON m.worker_id = w.id
		WHERE w.uuid = ?1`},
	{"add tag", plain, `
		INSERT INTO worker_tag_membership (worker_tag_id, worker_id) VALUES (?1, ?2)`},
	{"clear tags", plain, `DELETE FROM worker_tag_membership WHERE worker_id = ?1`},
	{"set schedule", plain, `
		INSERT INTO sleep_schedules (created_at, updated_at, worker_id, is_active,
			days_of_week, start_time, end_time, next_check)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT DO UPDATE SET updated_at = ?2, is_active = ?4, days_of_week = ?5,
			start_time = ?6, end_time = ?7, next_check = ?8
			WHERE worker_id = ?3`},
	{"schedule of worker", plain, `
		SELECT s.id, s.created_at, s.updated_at, s.worker_id, s.is_active,
			s.days_of_week, s.start_time, s.end_time, s.next_check
		FROM sleep_schedules AS s INNER JOIN workers AS w ON w.id = s.worker_id
		WHERE w.uuid = ?1`},
	{"schedules due", plain, `
		SELECT s.id, s.created_at, s.updated_at, s.worker_id, s.is_active,
			s.days_of_week, s.start_time, s.end_time, s.next_check, w.uuid, w.name
		FROM sleep_schedules AS s LEFT JOIN workers AS w ON w.id = s.worker_id
		WHERE s.is_active
			AND (s.next_check <= ?1 OR s.next_check IS NULL OR s.next_check = '')`},
	{"set next check", plain, `UPDATE sleep_schedules SET next_check = ?1 WHERE id = ?2`},
}

var byName = func() map[string]*statement {
	m := map[string]*statement{}
	for i := range statements {
		s := &statements[i]
		if m[s.name] != nil {
			panic("two statements are called " + s.name)
		}
		s.sql = strings.TrimSpace(s.sql)
		m[s.name] = s
	}
	return m
}()
