# The statements of a Manager like Flamenco's, for tests of observed farms: each
# does what one of the real one's does, on the same columns, under the same
# conditions, in the same order or without one.
#
#   manager::writes    {name sql ...}; ?N parameters
#   manager::reads     {name sql ...}; :name parameters, see manager::arguments
#   manager::opcodes db    {name n ...}: the rows of EXPLAIN of each write
#   manager::answers db    {name rows ...}: what each read finds, in its order
#   manager::day           a working day: statements as it would write them, for
#                          a database that manager::prepare has been at

namespace eval manager {
  variable writes {
    store_job {
      INSERT INTO jobs (created_at, updated_at, uuid, name, job_type, priority,
        status, activity, settings, metadata, storage_shaman_checkout_id,
        worker_tag_id, steps_total)
      VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    }
    store_task {
      INSERT INTO tasks (created_at, updated_at, uuid, name, type, job_id,
        index_in_job, priority, status, commands, steps_total)
      VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    }
    store_dependency {INSERT INTO task_dependencies (task_id, dependency_id) VALUES (?1, ?2)}
    delete_job {DELETE FROM jobs WHERE uuid = ?1}
    request_deletion {UPDATE jobs SET updated_at = ?1, delete_requested_at = ?1 WHERE id = ?2}
    job_status {UPDATE jobs SET updated_at = ?1, status = ?2, activity = ?3 WHERE id = ?4}
    job_priority {UPDATE jobs SET updated_at = ?1, priority = ?2 WHERE id = ?3}
    job_tag {UPDATE jobs SET updated_at = ?1, worker_tag_id = ?2 WHERE id = ?3}
    job_storage {UPDATE jobs SET storage_shaman_checkout_id = ?1 WHERE id = ?2}
    job_steps {
      UPDATE jobs SET updated_at = ?1,
        steps_completed = (SELECT coalesce(sum(steps_completed), 0) FROM tasks WHERE job_id = ?2),
        steps_total = (SELECT coalesce(sum(steps_total), 0) FROM tasks WHERE job_id = ?2)
      WHERE id = ?2
    }
    save_task {
      UPDATE tasks SET updated_at = ?1, name = ?2, type = ?3, priority = ?4,
        status = ?5, worker_id = ?6, last_touched_at = ?7, commands = ?8,
        activity = ?9, steps_total = ?10, steps_completed = ?11
      WHERE id = ?12
    }
    task_status {UPDATE tasks SET updated_at = ?1, status = ?2 WHERE id = ?3}
    task_activity {UPDATE tasks SET updated_at = ?1, activity = ?2 WHERE id = ?3}
    task_steps {UPDATE tasks SET updated_at = ?1, steps_completed = ?2 WHERE id = ?3}
    task_worker {UPDATE tasks SET updated_at = ?1, worker_id = ?2 WHERE id = ?3}
    assign_task {UPDATE tasks SET worker_id = ?1, last_touched_at = ?2, updated_at = ?2 WHERE id = ?3}
    touch_task {UPDATE tasks SET updated_at = ?1, last_touched_at = ?2 WHERE uuid = ?3}
    mass_status {
      UPDATE tasks SET updated_at = ?1, status = ?2, activity = ?3
      WHERE job_id = ?4 AND status IN (?5, ?6, ?7)
    }
    whole_job {UPDATE tasks SET updated_at = ?1, status = ?2, activity = ?3 WHERE job_id = ?4}
    mass_steps {
      UPDATE tasks SET updated_at = ?1, steps_completed = steps_total
      WHERE job_id = ?2 AND status IN (?3)
    }
    mass_no_steps {
      UPDATE tasks SET updated_at = ?1, steps_completed = 0
      WHERE job_id = ?2 AND status IN (?3, ?4)
    }
    add_failure {
      INSERT INTO task_failures (created_at, task_id, worker_id) VALUES (?1, ?2, ?3)
      ON CONFLICT DO NOTHING
    }
    clear_failures {DELETE FROM task_failures WHERE task_id = ?1}
    clear_job_failures {
      DELETE FROM task_failures WHERE task_id IN (SELECT id FROM tasks WHERE job_id = ?1)
    }
    add_block {
      INSERT INTO job_blocks (created_at, job_id, worker_id, task_type)
      VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING
    }
    clear_blocks {DELETE FROM job_blocks WHERE job_id IN (SELECT id FROM jobs WHERE uuid = ?1)}
    remove_block {
      DELETE FROM job_blocks
      WHERE job_id IN (SELECT id FROM jobs WHERE uuid = ?1)
        AND worker_id IN (SELECT id FROM workers WHERE uuid = ?2)
        AND task_type = ?3
    }
    last_rendered {
      INSERT INTO last_rendereds (id, created_at, updated_at, job_id) VALUES (1, ?1, ?2, ?3)
      ON CONFLICT DO UPDATE SET updated_at = ?2, job_id = ?3 WHERE id = 1
    }
    store_worker {
      INSERT INTO workers (created_at, uuid, secret, name, address, platform,
        software, status, last_seen_at, status_requested, lazy_status_request,
        supported_task_types, deleted_at, can_restart)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
      RETURNING id
    }
    worker_status {
      UPDATE workers SET updated_at = ?1, status = ?2, status_requested = ?3,
        lazy_status_request = ?4
      WHERE id = ?5
    }
    save_worker {
      UPDATE workers SET updated_at = ?1, uuid = ?2, secret = ?3, name = ?4,
        address = ?5, platform = ?6, software = ?7, status = ?8,
        last_seen_at = ?9, status_requested = ?10, lazy_status_request = ?11,
        supported_task_types = ?12, can_restart = ?13
      WHERE id = ?14
    }
    worker_seen {UPDATE workers SET updated_at = ?1, last_seen_at = ?2 WHERE id = ?3}
    delete_worker {UPDATE workers SET deleted_at = ?1 WHERE uuid = ?2}
    add_tag {INSERT INTO worker_tag_membership (worker_tag_id, worker_id) VALUES (?1, ?2)}
    clear_tags {DELETE FROM worker_tag_membership WHERE worker_id = ?1}
    store_tag {INSERT INTO worker_tags (created_at, uuid, name, description) VALUES (?1, ?2, ?3, ?4)}
    save_tag {
      UPDATE worker_tags SET updated_at = ?1, uuid = ?2, name = ?3, description = ?4 WHERE id = ?5
    }
    delete_tag {DELETE FROM worker_tags WHERE uuid = ?1}
    save_schedule {
      INSERT INTO sleep_schedules (created_at, updated_at, worker_id, is_active,
        days_of_week, start_time, end_time, next_check)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      ON CONFLICT DO UPDATE SET updated_at = ?2, is_active = ?4, days_of_week = ?5,
        start_time = ?6, end_time = ?7, next_check = ?8 WHERE worker_id = ?3
    }
    next_check {UPDATE sleep_schedules SET next_check = ?1 WHERE id = ?2}
  }

  # What may cost more than 2.5 times, and how much more.
  variable dear {
    save_task 350 task_status 350 task_worker 350 assign_task 350
    mass_status 350 whole_job 350
    store_job 180 job_status 180
    store_worker 180 worker_status 180 save_worker 180 delete_worker 180
  }

  variable reads {
    job {SELECT * FROM jobs WHERE uuid = :job_uuid LIMIT 1}
    jobs {SELECT * FROM jobs}
    old_jobs {SELECT uuid FROM jobs WHERE updated_at <= :then}
    jobs_to_delete {
      SELECT uuid FROM jobs WHERE delete_requested_at IS NOT NULL ORDER BY delete_requested_at
    }
    jobs_in_status {SELECT * FROM jobs WHERE status IN (:active, :queued, :paused)}
    job_statuses {SELECT status, count(id) FROM jobs GROUP BY status}
    task {
      SELECT tasks.*, jobs.uuid, workers.uuid
      FROM tasks LEFT JOIN jobs ON tasks.job_id = jobs.id
      LEFT JOIN workers ON tasks.worker_id = workers.id
      WHERE tasks.uuid = :task_uuid
    }
    tasks_of_worker {
      SELECT tasks.*, jobs.uuid FROM tasks INNER JOIN jobs ON tasks.job_id = jobs.id
      WHERE tasks.worker_id = :worker AND tasks.status = :completed
    }
    active_tasks_of_worker {
      SELECT tasks.*, jobs.uuid FROM tasks INNER JOIN jobs ON tasks.job_id = jobs.id
      WHERE tasks.worker_id = :worker AND tasks.status = :active
    }
    tasks_of_worker_and_job {
      SELECT tasks.* FROM tasks LEFT JOIN jobs ON tasks.job_id = jobs.id
      WHERE tasks.worker_id = :worker AND tasks.status = :completed AND jobs.uuid = :job_uuid
    }
    tasks_of_job {
      SELECT tasks.*, workers.uuid FROM tasks LEFT JOIN workers ON tasks.worker_id = workers.id
      WHERE tasks.job_id = :job
    }
    tasks_of_job_in_status {
      SELECT tasks.*, workers.uuid FROM tasks LEFT JOIN workers ON tasks.worker_id = workers.id
      WHERE tasks.job_id = :job AND tasks.status IN (:completed, :queued)
    }
    task_summaries {
      SELECT tasks.id, tasks.uuid, tasks.name, tasks.index_in_job, tasks.priority,
        tasks.status, tasks.type, tasks.updated_at, tasks.steps_completed,
        tasks.steps_total, workers.uuid
      FROM tasks LEFT JOIN jobs ON jobs.id = tasks.job_id
      LEFT JOIN workers ON workers.id = tasks.worker_id
      WHERE jobs.uuid = :job_uuid
    }
    count_in_status {SELECT count(*) FROM tasks WHERE job_id = :job AND status = :queued}
    task_statuses {SELECT status, count(*) FROM tasks WHERE job_id = :job GROUP BY status}
    failing_workers {SELECT count(*) FROM task_failures WHERE task_id = :failed_task}
    failure_list {
      SELECT workers.* FROM workers INNER JOIN task_failures f ON f.worker_id = workers.id
      WHERE f.task_id = :failed_task
    }
    all_failures {SELECT * FROM task_failures}
    failures_of_worker {
      SELECT count(f.task_id) FROM task_failures f
      INNER JOIN tasks t ON f.task_id = t.id INNER JOIN jobs j ON t.job_id = j.id
      WHERE f.worker_id = :worker AND j.uuid = :job_uuid AND t.type = :type
    }
    blocklist {
      SELECT b.id, b.task_type, workers.uuid, workers.name FROM job_blocks b
      INNER JOIN jobs ON jobs.id = b.job_id INNER JOIN workers ON workers.id = b.worker_id
      WHERE jobs.uuid = :blocked_job_uuid ORDER BY workers.name
    }
    all_blocks {SELECT * FROM job_blocks}
    left_to_run {
      SELECT workers.uuid FROM workers WHERE id NOT IN (
        SELECT w.id FROM workers AS w INNER JOIN job_blocks b ON w.id = b.worker_id
        WHERE b.job_id = :blocked_job AND b.task_type = :type)
    }
    left_to_run_with_tag {
      SELECT workers.uuid FROM workers
      INNER JOIN worker_tag_membership m ON workers.id = m.worker_id
      WHERE id NOT IN (
        SELECT w.id FROM workers AS w INNER JOIN job_blocks b ON w.id = b.worker_id
        WHERE b.job_id = :blocked_job AND b.task_type = :type)
      AND m.worker_tag_id = :tag
    }
    timed_out_tasks {
      SELECT tasks.*, jobs.uuid, workers.name, workers.uuid
      FROM tasks LEFT JOIN jobs ON jobs.id = tasks.job_id
      LEFT JOIN workers ON workers.id = tasks.worker_id
      WHERE tasks.status = :active AND tasks.last_touched_at <= :then
    }
    timed_out_workers {
      SELECT * FROM workers WHERE last_seen_at <= :then AND deleted_at IS NULL
        AND status NOT IN (:error, :offline)
    }
    last_rendered {
      SELECT uuid FROM jobs INNER JOIN last_rendereds l ON jobs.id = l.job_id
    }
    assigned_task {
      SELECT tasks.*, jobs.uuid, jobs.priority, jobs.job_type
      FROM tasks INNER JOIN jobs ON tasks.job_id = jobs.id
      WHERE tasks.status = :active AND tasks.worker_id = :worker
        AND jobs.status IN (:active, :queued)
      LIMIT 1
    }
    next_task {
      SELECT tasks.*, jobs.uuid, jobs.priority, jobs.job_type
      FROM tasks INNER JOIN jobs ON tasks.job_id = jobs.id
      LEFT JOIN task_failures f ON tasks.id = f.task_id AND f.worker_id = :worker
      WHERE f.worker_id IS NULL
        AND tasks.id NOT IN (
          SELECT t.id FROM tasks AS t INNER JOIN task_dependencies d ON t.id = d.task_id
          INNER JOIN tasks p ON p.id = d.dependency_id
          WHERE p.status != :completed)
        AND tasks.type NOT IN (
          SELECT task_type FROM job_blocks
          WHERE job_blocks.worker_id = :worker AND job_blocks.job_id = jobs.id)
        AND (jobs.worker_tag_id IS NULL OR jobs.worker_tag_id IN (:tag, :tag2))
        AND tasks.status IN (:queued, :soft_failed)
        AND jobs.status IN (:active, :queued)
        AND tasks.type IN (:type, :type2, :type3)
      ORDER BY jobs.priority DESC, tasks.priority DESC
    }
    task_of_worker {
      SELECT tasks.*, jobs.uuid,
        CAST(tasks.status = :active AND jobs.status = :active AS boolean) AS is_active
      FROM tasks INNER JOIN jobs ON tasks.job_id = jobs.id
      WHERE tasks.worker_id = :worker
      ORDER BY is_active DESC, tasks.updated_at DESC
      LIMIT 1
    }
    workers {SELECT * FROM workers WHERE deleted_at IS NULL}
    worker_statuses {
      SELECT status, count(id) FROM workers WHERE deleted_at IS NULL GROUP BY status
    }
    tags_of_worker {
      SELECT worker_tags.* FROM worker_tags
      LEFT JOIN worker_tag_membership m ON m.worker_tag_id = worker_tags.id
      LEFT JOIN workers ON m.worker_id = workers.id
      WHERE workers.uuid = :worker_uuid
    }
    tags {SELECT * FROM worker_tags}
    schedule {
      SELECT s.* FROM sleep_schedules s INNER JOIN workers ON workers.id = s.worker_id
      WHERE workers.uuid = :scheduled_uuid
    }
    schedules_to_check {
      SELECT s.*, workers.uuid, workers.name
      FROM sleep_schedules s LEFT JOIN workers ON workers.id = s.worker_id
      WHERE is_active AND (next_check <= :then OR next_check IS NULL OR next_check = '')
    }
  }
}

# Times are Go's, JSON comes as BLOBs, and every statement is one transaction.
namespace eval manager {
  # Row 100 is the next job.
  variable prepare {
    DELETE FROM jobs WHERE id > 99;
    INSERT INTO jobs (id, created_at, uuid, settings, metadata, status)
    VALUES (99, '2026-02-01 07:00:00 +0000 UTC', 'j99', x'7b7d', x'7b7d', 'completed');
  }
  variable day {
  # A worker registers, signs on, and asks for its first task.
  {INSERT INTO workers (created_at, updated_at, uuid, secret, name, address, platform,
     software, status, last_seen_at, status_requested, lazy_status_request,
     supported_task_types, deleted_at, can_restart)
   VALUES ('2026-02-01 08:00:00.123456789 +0000 UTC m=+12.5', '2026-02-01 08:00:00.123456789 +0000 UTC m=+12.5', '2b5ab8a8-2fa4-4b4b-a4a0-6a2b86ac23b2', '$2a$10$x', 'new', '::1',
     'windows', '3.9', 'starting', '2026-02-01 08:00:00 +0000 UTC', '', 0,
     'blender,ffmpeg', NULL, 1)}
  {UPDATE workers SET updated_at = '2026-02-01 08:00:01 +0000 UTC', status = 'awake', status_requested = '', lazy_status_request = 0
   WHERE id = 13}
  {UPDATE workers SET updated_at = '2026-02-01 08:00:02.5 +0000 UTC', last_seen_at = '2026-02-01 08:00:02.5 +0000 UTC' WHERE id = 13}
  {UPDATE workers SET uuid = '2b5ab8a8-2fa4-4b4b-a4a0-6a2b86ac23b3', updated_at = '2026-02-01 08:00:02.6 +0000 UTC' WHERE id = 13}
  # A job comes in, task by task, then their dependencies.
  {INSERT INTO jobs (created_at, uuid, name, job_type, priority, status, activity, settings,
     metadata, storage_shaman_checkout_id, worker_tag_id, updated_at)
   VALUES ('2026-02-01 08:10:00.1 +0000 UTC', '9d2c5f7a-8b1e-4a69-9bd4-0e5ed3c0f0f1', 'film', 'simple', 50, 'under-construction', '',
     CAST('{"a":"ü"}' AS BLOB), CAST('null' AS BLOB), 'film/7', NULL, '2026-02-01 08:10:00.1 +0000 UTC')}
  {INSERT INTO tasks (created_at, updated_at, uuid, name, type, job_id, index_in_job, priority, status, commands, steps_completed, steps_total)
   VALUES ('2026-02-01 08:10:00.2 +0000 UTC', '2026-02-01 08:10:00.2 +0000 UTC', 'ta', 'one', 'blender', 100, 1, 50, 'queued', CAST('[{"name":"x"}]' AS BLOB), 0, 4)}
  {INSERT INTO tasks (created_at, updated_at, uuid, name, type, job_id, index_in_job, priority, status, commands, steps_completed, steps_total)
   VALUES ('2026-02-01 08:10:00.3 +0000 UTC', '2026-02-01 08:10:00.3 +0000 UTC', 'tb', 'two', 'blender', 100, 2, 50, 'queued', CAST('null' AS BLOB), 0, 4)}
  {INSERT INTO task_dependencies (task_id, dependency_id) VALUES ((SELECT id FROM tasks WHERE uuid = 'tb'), (SELECT id FROM tasks WHERE uuid = 'ta'))}
  {UPDATE jobs SET updated_at = '2026-02-01 08:10:01 +0000 UTC', status = 'queued', activity = 'Job is queued' WHERE uuid = '9d2c5f7a-8b1e-4a69-9bd4-0e5ed3c0f0f1'}
  {UPDATE jobs SET storage_shaman_checkout_id = 'film/8' WHERE uuid = '9d2c5f7a-8b1e-4a69-9bd4-0e5ed3c0f0f1'}
  # It is scheduled, reported on, completed; the job follows, by the Manager.
  {UPDATE tasks SET updated_at = '2026-02-01 08:11:00 +0000 UTC', worker_id = 13 WHERE uuid = 'ta'}
  {UPDATE tasks SET updated_at = '2026-02-01 08:11:00.01 +0000 UTC', status = 'active' WHERE uuid = 'ta'}
  {UPDATE jobs SET updated_at = '2026-02-01 08:11:00.02 +0000 UTC', status = 'active', activity = 'Changed to active' WHERE id = 100}
  {UPDATE tasks SET updated_at = '2026-02-01 08:11:05.5 +0000 UTC', last_touched_at = '2026-02-01 08:11:05.5 +0000 UTC' WHERE uuid = 'ta'}
  {UPDATE tasks SET updated_at = '2026-02-01 08:11:06 +0000 UTC', activity = 'Fra:1 Mem:1G', steps_completed = 3 WHERE uuid = 'ta'}
  {UPDATE jobs SET updated_at = '2026-02-01 08:11:06 +0000 UTC',
     (steps_completed, steps_total) = (SELECT sum(steps_completed), sum(steps_total) FROM tasks WHERE job_id = 100) WHERE id = 100}
  {UPDATE tasks SET updated_at = '2026-02-01 08:12:00 +0000 UTC', status = 'completed', steps_completed = 4 WHERE uuid = 'ta'}
  {UPDATE jobs SET updated_at = '2026-02-01 08:12:00.1 +0000 UTC',
     (steps_completed, steps_total) = (SELECT sum(steps_completed), sum(steps_total) FROM tasks WHERE job_id = 100) WHERE id = 100}
  # The next one fails softly, the worker is blocked, the task requeued.
  {UPDATE tasks SET updated_at = '2026-02-01 08:13:00 +0000 UTC', worker_id = 13, status = 'active', last_touched_at = '2026-02-01 08:13:00 +0000 UTC' WHERE uuid = 'tb'}
  {INSERT INTO task_failures (created_at, task_id, worker_id) VALUES ('2026-02-01 08:14:00 +0000 UTC', (SELECT id FROM tasks WHERE uuid = 'tb'), 13) ON CONFLICT DO NOTHING}
  {INSERT INTO task_failures (created_at, task_id, worker_id) VALUES ('2026-02-01 08:14:01 +0000 UTC', (SELECT id FROM tasks WHERE uuid = 'tb'), 13) ON CONFLICT DO NOTHING}
  {UPDATE tasks SET updated_at = '2026-02-01 08:14:00 +0000 UTC', status = 'soft-failed', activity = 'boom' WHERE uuid = 'tb'}
  {INSERT INTO job_blocks (created_at, job_id, worker_id, task_type) VALUES ('2026-02-01 08:14:00 +0000 UTC', 100, 13, 'blender') ON CONFLICT DO NOTHING}
  {INSERT INTO job_blocks (created_at, job_id, worker_id, task_type) VALUES ('2026-02-01 08:14:02 +0000 UTC', 100, 13, 'blender') ON CONFLICT DO NOTHING}
  {DELETE FROM task_failures WHERE task_id = (SELECT id FROM tasks WHERE uuid = 'tb')}
  {DELETE FROM job_blocks WHERE job_id = 100 AND worker_id = 13 AND task_type = 'blender'}
  {UPDATE tasks SET updated_at = '2026-02-01 08:15:00 +0000 UTC', status = 'queued', activity = 'requeued', steps_completed = 0 WHERE job_id = 100 AND status IN ('soft-failed', 'failed')}
  # Pictures arrive; the last one counts. Always row 1.
  {INSERT INTO last_rendereds (id, created_at, updated_at, job_id) VALUES (1, '2026-02-01 08:16:00 +0000 UTC', '2026-02-01 08:16:00 +0000 UTC', 100)
   ON CONFLICT DO UPDATE SET updated_at = excluded.updated_at, job_id = excluded.job_id}
  {INSERT INTO last_rendereds (id, created_at, updated_at, job_id) VALUES (1, '2026-02-01 08:17:00 +0000 UTC', '2026-02-01 08:17:00 +0000 UTC', 2)
   ON CONFLICT DO UPDATE SET updated_at = excluded.updated_at, job_id = excluded.job_id}
  # A user at the keyboard: priorities, pause, cancel, requeue of whole jobs.
  {UPDATE jobs SET updated_at = '2026-02-01 09:00:00 +0000 UTC', priority = 90 WHERE id = 3}
  {UPDATE jobs SET updated_at = '2026-02-01 09:01:00 +0000 UTC', status = 'pause-requested', activity = 'Manager: pause' WHERE id = 1}
  {UPDATE tasks SET updated_at = '2026-02-01 09:01:00.1 +0000 UTC', status = 'paused', activity = 'Manager: paused' WHERE job_id = 1 AND status IN ('queued', 'soft-failed')}
  {UPDATE jobs SET updated_at = '2026-02-01 09:02:00 +0000 UTC', status = 'cancel-requested', activity = 'Manager: cancel' WHERE id = 11}
  {UPDATE tasks SET updated_at = '2026-02-01 09:02:00.1 +0000 UTC', status = 'canceled', activity = 'Manager: canceled' WHERE job_id = 11 AND status IN ('active', 'queued', 'soft-failed')}
  {UPDATE jobs SET updated_at = '2026-02-01 09:02:00.2 +0000 UTC', status = 'canceled', activity = 'Manager: canceled' WHERE id = 11}
  {UPDATE jobs SET updated_at = '2026-02-01 09:03:00 +0000 UTC', status = 'requeueing', activity = 'Manager: requeue' WHERE id = 12}
  {UPDATE tasks SET updated_at = '2026-02-01 09:03:00.1 +0000 UTC', status = 'queued', activity = 'Manager: queued', steps_completed = 0 WHERE job_id = 12}
  {DELETE FROM task_failures WHERE task_id IN (SELECT id FROM tasks WHERE job_id = 12)}
  {DELETE FROM job_blocks WHERE job_id = 12}
  {UPDATE jobs SET updated_at = '2026-02-01 09:03:00.2 +0000 UTC', status = 'queued', activity = 'Manager: queued',
     (steps_completed, steps_total) = (SELECT sum(steps_completed), sum(steps_total) FROM tasks WHERE job_id = 12) WHERE id = 12}
  {UPDATE jobs SET updated_at = '2026-02-01 09:04:00 +0000 UTC', name = 'renamed', metadata = CAST('{"k": "v"}' AS BLOB), settings = CAST('{"x":1}' AS BLOB) WHERE id = 2}
  # Tags, memberships, sleep.
  {INSERT INTO worker_tags (created_at, updated_at, uuid, name, description) VALUES ('2026-02-01 09:10:00 +0000 UTC', '2026-02-01 09:10:00 +0000 UTC', 'tag-4', 'night', '')}
  {UPDATE worker_tags SET updated_at = '2026-02-01 09:11:00 +0000 UTC', name = 'late', description = 'x' WHERE uuid = 'tag-4'}
  {DELETE FROM worker_tag_membership WHERE worker_id = 2}
  {INSERT INTO worker_tag_membership (worker_tag_id, worker_id) VALUES (4, 2)}
  {INSERT INTO worker_tag_membership (worker_tag_id, worker_id) VALUES (4, 3)}
  {UPDATE jobs SET updated_at = '2026-02-01 09:12:00 +0000 UTC', worker_tag_id = 4 WHERE id = 5}
  {DELETE FROM worker_tags WHERE uuid = 'tag-4'}
  {INSERT INTO sleep_schedules (created_at, updated_at, worker_id, is_active, days_of_week, start_time, end_time, next_check)
   VALUES ('2026-02-01 09:20:00 +0000 UTC', '2026-02-01 09:20:00 +0000 UTC', 1, 1, 'mo tu', '09:00', '17:00', '2026-02-02 08:00:00 +0000 UTC')
   ON CONFLICT (worker_id) DO UPDATE SET updated_at = excluded.updated_at, is_active = excluded.is_active,
     days_of_week = excluded.days_of_week, start_time = excluded.start_time, end_time = excluded.end_time, next_check = excluded.next_check}
  {INSERT INTO sleep_schedules (created_at, updated_at, worker_id, is_active, days_of_week, start_time, end_time, next_check)
   VALUES ('2026-02-01 09:21:00 +0000 UTC', '2026-02-01 09:21:00 +0000 UTC', 1, 0, 'we', '10:00', '', NULL)
   ON CONFLICT (worker_id) DO UPDATE SET updated_at = excluded.updated_at, is_active = excluded.is_active,
     days_of_week = excluded.days_of_week, start_time = excluded.start_time, end_time = excluded.end_time, next_check = excluded.next_check}
  {UPDATE sleep_schedules SET next_check = '2026-02-03 00:00:00 +0000 UTC' WHERE id = 4}
  {UPDATE workers SET updated_at = '2026-02-01 09:22:00 +0000 UTC', status_requested = 'asleep', lazy_status_request = 1 WHERE id = 1}
  {UPDATE workers SET updated_at = '2026-02-01 09:23:00 +0000 UTC', status_requested = 'restart', lazy_status_request = 0 WHERE id = 2}
  {UPDATE workers SET updated_at = '2026-02-01 09:24:00 +0000 UTC', status = 'offline', status_requested = '' WHERE id = 2}
  {UPDATE workers SET updated_at = '2026-02-01 09:25:00 +0000 UTC', status = 'error' WHERE id = 3}
  {UPDATE tasks SET updated_at = '2026-02-01 09:25:00.1 +0000 UTC', status = 'queued', activity = 'returned' WHERE worker_id = 3 AND status = 'active'}
  # Workers and jobs go.
  {UPDATE workers SET deleted_at = '2026-02-01 10:00:00.7 +0000 UTC' WHERE id = 10}
  {DELETE FROM workers WHERE id = 9}
  {UPDATE jobs SET updated_at = '2026-02-01 10:01:00 +0000 UTC', delete_requested_at = '2026-02-01 10:01:00 +0000 UTC' WHERE id = 6}
  {DELETE FROM jobs WHERE id = 6}
  {DELETE FROM jobs WHERE uuid = (SELECT uuid FROM jobs WHERE id = 2)}
  {DELETE FROM task_failures WHERE worker_id = 4}
  }
  set day [regsub -line -all {^ *#.*$} $day {}]
}

# The values of the parameters of the reads, for worker $worker and job $job.
proc manager::arguments {db worker job} {
  $db eval {
    SELECT (SELECT uuid FROM jobs WHERE id = $job) AS job_uuid,
      (SELECT uuid FROM workers WHERE id = $worker) AS worker_uuid,
      (SELECT uuid FROM tasks WHERE job_id = $job LIMIT 1) AS task_uuid,
      (SELECT max(task_id) FROM task_failures) AS failed_task,
      (SELECT max(job_id) FROM job_blocks) AS blocked_job,
      (SELECT uuid FROM jobs WHERE id = (SELECT max(job_id) FROM job_blocks)) AS blocked_job_uuid,
      (SELECT uuid FROM workers WHERE id = (SELECT max(worker_id) FROM sleep_schedules)) AS scheduled_uuid
  } values {}
  unset values(*)
  array set values [list worker $worker job $job tag 1 tag2 2 \
      then {2026-01-05 20:00:00 +0000 UTC} active active queued queued \
      paused paused completed completed soft_failed soft-failed error error \
      offline offline type blender type2 ffmpeg type3 file-management]
  return [array get values]
}

# The parameters are bound, as the Manager does, not part of the text: SQLite
# looks at them when it plans anew.
proc manager::answers {db worker job} {
  variable reads
  foreach {name value} [arguments $db $worker $job] {set $name $value}
  set out {}
  foreach {name sql} $reads {lappend out $name [$db eval $sql]}
  return $out
}

proc manager::opcodes {db} {
  variable writes
  set out {}
  foreach {name sql} $writes {
    set n 0
    $db eval "EXPLAIN $sql" {incr n}
    lappend out $name $n
  }
  return $out
}

# The differences between two lists of names and values, as one line each.
proc manager::differences {a b} {
  set out {}
  foreach {name x} $a {- y} $b {
    if {$x ne $y} {lappend out $name}
  }
  return $out
}
