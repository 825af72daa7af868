-- Doors that refuse: an INSERT of a value that breaks a rule raises an error,
-- any other does nothing. The BEFORE triggers of INSERT and of UPDATE go
-- through the same door, so a rule stands once.

CREATE VIEW tablao_assert_setting (name, value) AS
-- A setting's name and value: section 6 of the specification.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_setting_ii INSTEAD OF INSERT ON tablao_assert_setting
BEGIN
  SELECT RAISE(ABORT, 'tablao: farm_settings.name is not the name of a setting: SELECT name FROM farm_settings lists them')
  WHERE NOT EXISTS (
    SELECT 1 FROM tablao_setting_defaults d WHERE d.name = NEW.name
  );
  SELECT CASE
    WHEN NEW.name = 'job_fail_percentage'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of job_fail_percentage must be a whole number from 1 to 100')
    WHEN NEW.name = 'task_timeout'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of task_timeout must be a whole number of seconds, 0 for no timeout')
    WHEN NEW.name = 'worker_timeout'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of worker_timeout must be a whole number of seconds, 0 for no timeout')
    WHEN NEW.name = 'blocklist_threshold'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of blocklist_threshold must be a whole number of tasks, 0 for no blocklisting')
    WHEN NEW.name = 'events_keep'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of events_keep must be a whole number of events, 0 for none')
    ELSE RAISE(ABORT, 'tablao: farm_settings.value of task_fail_after_softfail_count must be a whole number of workers, 0 for no limit')
  END
  FROM tablao_setting_defaults d
  WHERE d.name = NEW.name
    AND d.minimum IS NOT NULL
    AND (
      typeof(NEW.value) <> 'integer'
      OR NEW.value < d.minimum
      OR NEW.value > d.maximum
    );
  SELECT RAISE(ABORT, 'tablao: farm_settings.value of state_machine must be on or off')
  WHERE NEW.name = 'state_machine' AND coalesce(NEW.value, '') NOT IN ('on', 'off');
  SELECT RAISE(ABORT, 'tablao: farm_settings.value of history must be on or off')
  WHERE NEW.name = 'history' AND coalesce(NEW.value, '') NOT IN ('on', 'off');
  SELECT RAISE(ABORT, 'tablao: farm_settings.value of json_storage must be text or blob')
  WHERE NEW.name = 'json_storage' AND coalesce(NEW.value, '') NOT IN ('text', 'blob');
  -- The stored form to the letter, and a time there is: with 0 days added, the
  -- 30th of February comes back as the 2nd of March.
  SELECT RAISE(ABORT, 'tablao: farm_settings.value of clock must be NULL or a time like 2026-01-02 03:04:05.678+00:00')
  WHERE NEW.name = 'clock'
    AND NEW.value IS NOT NULL
    AND (
      typeof(NEW.value) <> 'text'
      OR NEW.value NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]+00:00'
      OR strftime('%Y-%m-%d %H:%M:%S', substr(NEW.value, 1, 19), '+0 days')
        IS NOT substr(NEW.value, 1, 19)
    );
END;

CREATE VIEW tablao_assert_job_status (status) AS
-- The statuses of a job.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_job_status_ii INSTEAD OF INSERT ON tablao_assert_job_status
-- Not NOT IN: for a list of three or more SQLite makes a table each time.
-- @statuses job
WHEN NOT (
  NEW.status = 'active' OR NEW.status = 'completed' OR NEW.status = 'queued'
  OR NEW.status = 'canceled' OR NEW.status = 'failed' OR NEW.status = 'paused'
  OR NEW.status = 'pause-requested' OR NEW.status = 'cancel-requested'
  OR NEW.status = 'requeueing' OR NEW.status = 'under-construction'
)
BEGIN
  SELECT RAISE(ABORT, 'tablao: jobs.status must be one of active, canceled, completed, failed, paused, pause-requested, queued, cancel-requested, requeueing, under-construction');
END;

CREATE VIEW tablao_assert_task_status (status) AS
-- The statuses of a task.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_task_status_ii INSTEAD OF INSERT ON tablao_assert_task_status
-- @statuses task
WHEN NOT (
  NEW.status = 'active' OR NEW.status = 'completed' OR NEW.status = 'queued'
  OR NEW.status = 'canceled' OR NEW.status = 'failed'
  OR NEW.status = 'soft-failed' OR NEW.status = 'paused'
)
BEGIN
  SELECT RAISE(ABORT, 'tablao: tasks.status must be one of active, canceled, completed, failed, queued, soft-failed, paused');
END;

CREATE VIEW tablao_assert_worker_status (status, status_requested) AS
-- The statuses of a worker; '' is a worker that never signed on, and no
-- request. Give NULL for the one that is not being written.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_worker_status_ii INSTEAD OF INSERT ON tablao_assert_worker_status
BEGIN
  SELECT CASE
    WHEN v.is_request
    THEN RAISE(ABORT, 'tablao: workers.status_requested must be one of starting, awake, asleep, error, testing, offline, restart, or empty for no request')
    ELSE RAISE(ABORT, 'tablao: workers.status must be one of starting, awake, asleep, error, testing, offline, restart, or empty before the first sign-on')
  END
  FROM (
    SELECT 0 AS is_request, NEW.status AS status
    UNION ALL
    SELECT 1, NEW.status_requested
  ) v
  -- @statuses worker
  WHERE v.status NOT IN (
    'starting', 'awake', 'asleep', 'error', 'testing', 'offline', 'restart', ''
  );
END;

CREATE VIEW tablao_assert_json (column_name, value, root_type) AS
-- A JSON column: the type of its root must be root_type ('object' or 'array')
-- or null. Text that does not parse is SQLite's error "malformed JSON". Of the
-- JSON functions only json_tree and json_each may stand in a schema: SQLite
-- 3.38 to 3.40 refuse the others where the schema is not trusted. They read
-- up to a zero byte, behind which anything may stand.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_json_ii INSTEAD OF INSERT ON tablao_assert_json
WHEN coalesce(
  (SELECT j.type FROM json_tree(CAST(NEW.value AS TEXT)) j LIMIT 1), ''
) NOT IN (NEW.root_type, 'null')
  OR instr(CAST(NEW.value AS TEXT), char(0)) > 0
BEGIN
  SELECT CASE NEW.column_name
    WHEN 'settings'
    THEN RAISE(ABORT, 'tablao: jobs.settings must be a JSON object or JSON null')
    WHEN 'metadata'
    THEN RAISE(ABORT, 'tablao: jobs.metadata must be a JSON object or JSON null')
    ELSE RAISE(ABORT, 'tablao: tasks.commands must be a JSON array or JSON null')
  END;
END;

CREATE TRIGGER tablao_assert_json_ii_strict INSTEAD OF INSERT ON tablao_assert_json
WHEN CAST(substr(sqlite_version(), 3) AS REAL) >= 42
BEGIN
  INSERT INTO tablao_assert_strict_json (value) VALUES (NEW.value);
END;

CREATE VIEW tablao_assert_strict_json (value) AS
-- JSON as RFC 8259 has it: what is not, SQLite calls "malformed JSON". From
-- version 3.42 SQLite also reads JSON5, which nobody else does; but it gives
-- every value back as JSON, and what was JSON before comes back as it was, but
-- for white space.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_strict_json_ii INSTEAD OF INSERT ON tablao_assert_strict_json
WHEN CAST(substr(sqlite_version(), 3) AS REAL) >= 42
  -- Strings and numbers come back as SQL values. They are for others to
  -- refuse; but NaN comes back as null.
  AND EXISTS (
    SELECT 1
    FROM (
      SELECT
        replace(replace(replace(replace(
          CAST(NEW.value AS TEXT), ' ', ''), char(9), ''), char(10), ''), char(13), '')
          AS given,
        replace(replace(replace(replace(
          coalesce(j.value, 'null'), ' ', ''), char(9), ''), char(10), ''), char(13), '')
          AS meant,
        j.type
      FROM json_each('[' || replace(CAST(NEW.value AS TEXT), char(0), '') || ']') j
      LIMIT 1
    ) v
    WHERE v.type IN ('object', 'array', 'null')
      AND v.given <> v.meant
      AND instr(v.given, char(0)) = 0
  )
BEGIN
  SELECT RAISE(ABORT, 'tablao: malformed JSON: what SQLite reads as JSON5 is not JSON');
END;

CREATE VIEW tablao_assert_job_tag (worker_tag_id) AS
-- The worker tag of a job: NULL or one there is.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_job_tag_ii INSTEAD OF INSERT ON tablao_assert_job_tag
WHEN NEW.worker_tag_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM worker_tags g WHERE g.id = NEW.worker_tag_id)
BEGIN
  SELECT RAISE(ABORT, 'tablao: jobs.worker_tag_id must be NULL or the id of a worker tag');
END;

CREATE VIEW tablao_assert_task (priority, index_in_job, steps_completed, steps_total, worker_id) AS
-- The numbers of a task, and its worker: NULL or one there is.
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_task_ii INSTEAD OF INSERT ON tablao_assert_task
BEGIN
  SELECT CASE
    WHEN typeof(NEW.priority) <> 'integer'
    THEN RAISE(ABORT, 'tablao: tasks.priority must be a whole number')
    WHEN typeof(NEW.index_in_job) <> 'integer' OR NEW.index_in_job < 0
    THEN RAISE(ABORT, 'tablao: tasks.index_in_job must be a whole number from 1, or 0 for the next one')
    WHEN typeof(NEW.steps_completed) <> 'integer'
    THEN RAISE(ABORT, 'tablao: tasks.steps_completed must be a whole number')
    WHEN typeof(NEW.steps_total) <> 'integer' OR NEW.steps_total < 0
    THEN RAISE(ABORT, 'tablao: tasks.steps_total must be a whole number from 0')
    WHEN NEW.worker_id IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
    THEN RAISE(ABORT, 'tablao: tasks.worker_id must be NULL or the id of a worker')
  END;
END;

CREATE VIEW tablao_assert_dependency (task_id, dependency_id) AS
-- A task may wait for another task of its own job.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_dependency_ii INSTEAD OF INSERT ON tablao_assert_dependency
BEGIN
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = NEW.task_id)
    THEN RAISE(ABORT, 'tablao: task_dependencies.task_id must be the id of a task')
    WHEN NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = NEW.dependency_id)
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be the id of a task')
    WHEN NEW.task_id = NEW.dependency_id
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be another task than task_id: a task cannot wait for itself')
    WHEN (SELECT t.job_id FROM tasks t WHERE t.id = NEW.task_id)
      <> (SELECT t.job_id FROM tasks t WHERE t.id = NEW.dependency_id)
    THEN RAISE(ABORT, 'tablao: task_dependencies.dependency_id must be a task of the same job as task_id')
  END;
END;

CREATE VIEW tablao_assert_failure (task_id, worker_id) AS
-- The parents of a row of task_failures.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_failure_ii INSTEAD OF INSERT ON tablao_assert_failure
BEGIN
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = NEW.task_id)
    THEN RAISE(ABORT, 'tablao: task_failures.task_id must be the id of a task')
    WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
    THEN RAISE(ABORT, 'tablao: task_failures.worker_id must be the id of a worker')
  END;
END;

CREATE VIEW tablao_assert_block (job_id, worker_id) AS
-- The parents of a row of job_blocks.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_block_ii INSTEAD OF INSERT ON tablao_assert_block
BEGIN
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = NEW.job_id)
    THEN RAISE(ABORT, 'tablao: job_blocks.job_id must be the id of a job')
    WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
    THEN RAISE(ABORT, 'tablao: job_blocks.worker_id must be the id of a worker')
  END;
END;

CREATE VIEW tablao_assert_membership (worker_tag_id, worker_id) AS
-- The parents of a row of worker_tag_membership.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_membership_ii INSTEAD OF INSERT ON tablao_assert_membership
BEGIN
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM worker_tags g WHERE g.id = NEW.worker_tag_id)
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.worker_tag_id must be the id of a worker tag')
    WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.worker_id must be the id of a worker')
  END;
END;

CREATE VIEW tablao_assert_last_rendered (job_id) AS
-- The parent of the row of last_rendereds.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_last_rendered_ii INSTEAD OF INSERT ON tablao_assert_last_rendered
WHEN NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = NEW.job_id)
BEGIN
  SELECT RAISE(ABORT, 'tablao: last_rendereds.job_id must be the id of a job');
END;

CREATE VIEW tablao_assert_sleep_schedule (worker_id, days_of_week, start_time, end_time) AS
-- A sleep schedule: section 7 of the specification.
SELECT NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_sleep_schedule_ii INSTEAD OF INSERT ON tablao_assert_sleep_schedule
BEGIN
  SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM workers w WHERE w.id = NEW.worker_id)
    THEN RAISE(ABORT, 'tablao: sleep_schedules.worker_id must be the id of a worker')
    WHEN NEW.start_time <> ''
      AND NEW.start_time NOT GLOB '[01][0-9]:[0-5][0-9]'
      AND NEW.start_time NOT GLOB '2[0-3]:[0-5][0-9]'
    THEN RAISE(ABORT, 'tablao: sleep_schedules.start_time must be a time from 00:00 to 23:59, or empty for the start of the day')
    WHEN NEW.end_time <> ''
      AND NEW.end_time NOT GLOB '[01][0-9]:[0-5][0-9]'
      AND NEW.end_time NOT GLOB '2[0-3]:[0-5][0-9]'
    THEN RAISE(ABORT, 'tablao: sleep_schedules.end_time must be a time from 00:00 to 23:59, or empty for the end of the day')
  END;
  -- Every name stands between blanks of its own, so that taking the valid
  -- ones out can make no new one of what is beside them.
  SELECT RAISE(ABORT, 'tablao: sleep_schedules.days_of_week must hold English names of days or their first two letters, separated by blanks or commas, or be empty for every day')
  FROM (
    SELECT ' ' || replace(replace(replace(replace(replace(
      lower(NEW.days_of_week), ',', ' '), char(9), ' '), char(10), ' '),
      char(13), ' '), ' ', '  ') || ' ' AS days
  ) v
  WHERE trim(replace(replace(replace(replace(replace(replace(replace(
    replace(replace(replace(replace(replace(replace(replace(v.days,
    ' mo ', ''), ' tu ', ''), ' we ', ''), ' th ', ''), ' fr ', ''),
    ' sa ', ''), ' su ', ''), ' monday ', ''), ' tuesday ', ''),
    ' wednesday ', ''), ' thursday ', ''), ' friday ', ''),
    ' saturday ', ''), ' sunday ', '')) <> '';
END;
