-- jobs: rules on its rows, what follows from them, and what a change of a
-- job's status does. An UPDATE that counts tablao_rev up is one of ours that
-- sees to its own consequences: the triggers leave it alone, whether
-- recursive_triggers is on or off.

CREATE TRIGGER jobs_bi BEFORE INSERT ON jobs
-- The rules on a new job; notes whether its keys are taken.
BEGIN
  INSERT INTO tablao_assert_job_status (status) VALUES (NEW.status);
  INSERT INTO tablao_assert_job_tag (worker_tag_id) VALUES (NEW.worker_tag_id);
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('settings', NEW.settings, 'object');
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('metadata', NEW.metadata, 'object');
  INSERT INTO tablao_assert_job_priority (priority) VALUES (NEW.priority);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'jobs',
    EXISTS (SELECT 1 FROM jobs WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM jobs WHERE uuid = NEW.uuid);
END;

CREATE TRIGGER jobs_ai AFTER INSERT ON jobs
-- Refuses a REPLACE; gives the job its counters, and its times, JSON and sums
-- the form in which they are kept.
BEGIN
  -- A BEFORE trigger sees an id that is yet to be given as -1, so that one
  -- must not be there; and 0 stands for none where ids are kept.
  SELECT RAISE(ABORT, 'tablao: jobs.id must be a whole number from 1')
  WHERE NEW.id < 1;
  SELECT RAISE(ABORT, 'tablao: jobs cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  WHERE EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'jobs');
  INSERT INTO tablao_job_counts (job_id) VALUES (NEW.id)
  ON CONFLICT (job_id) DO UPDATE SET
    num_tasks = 0, num_queued = 0, num_active = 0, num_completed = 0,
    num_failed = 0, num_canceled = 0, num_soft_failed = 0, num_paused = 0;
  UPDATE jobs SET
    created_at = CASE
      WHEN NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
      THEN (SELECT now FROM farm_clock)
      ELSE NEW.created_at
    END,
    updated_at = CASE
      WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
      THEN (SELECT now FROM farm_clock)
      ELSE NEW.updated_at
    END,
    settings = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(NEW.settings AS BLOB)
      ELSE CAST(NEW.settings AS TEXT)
    END,
    metadata = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(NEW.metadata AS BLOB)
      ELSE CAST(NEW.metadata AS TEXT)
    END,
    steps_completed = 0,
    steps_total = 0,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER jobs_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON jobs
-- An id is for life: rows of other tables name it.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: jobs.id cannot be changed');
END;

CREATE TRIGGER jobs_au_own AFTER UPDATE OF tablao_rev ON jobs
-- Only an UPDATE of ours may count tablao_rev up, by one. AFTER, like
-- tasks_au_own.
WHEN NEW.tablao_rev <> OLD.tablao_rev AND NEW.tablao_rev <> OLD.tablao_rev + 1
BEGIN
  SELECT RAISE(ABORT, 'tablao: jobs.tablao_rev is kept by triggers and cannot be changed');
END;

CREATE TRIGGER jobs_bu_status BEFORE UPDATE OF status ON jobs
-- The rule on statuses.
WHEN NEW.tablao_rev = OLD.tablao_rev
BEGIN
  INSERT INTO tablao_assert_job_status (status) VALUES (NEW.status);
END;

CREATE TRIGGER jobs_bu_priority BEFORE UPDATE OF priority ON jobs
-- The rule on priorities.
BEGIN
  INSERT INTO tablao_assert_job_priority (priority) VALUES (NEW.priority);
END;

CREATE TRIGGER jobs_bu_settings BEFORE UPDATE OF settings ON jobs
-- The rule on settings.
WHEN NEW.tablao_rev = OLD.tablao_rev
BEGIN
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('settings', NEW.settings, 'object');
END;

CREATE TRIGGER jobs_bu_metadata BEFORE UPDATE OF metadata ON jobs
-- The rule on metadata.
WHEN NEW.tablao_rev = OLD.tablao_rev
BEGIN
  INSERT INTO tablao_assert_json (column_name, value, root_type)
  VALUES ('metadata', NEW.metadata, 'object');
END;

CREATE TRIGGER jobs_bu_worker_tag BEFORE UPDATE OF worker_tag_id ON jobs
-- A tag must exist.
BEGIN
  INSERT INTO tablao_assert_job_tag (worker_tag_id) VALUES (NEW.worker_tag_id);
END;

CREATE TRIGGER jobs_bu_uuid BEFORE UPDATE OF uuid ON jobs
-- Refuses an UPDATE OR REPLACE that would delete another job.
WHEN EXISTS (SELECT 1 FROM jobs WHERE uuid = NEW.uuid AND id <> OLD.id)
BEGIN
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing) VALUES (1, 1);
  SELECT RAISE(ABORT, 'tablao: jobs.uuid must be unique: this UPDATE OR REPLACE would delete another job')
  FROM tablao_taken WHERE is_replacing;
END;

CREATE TRIGGER jobs_au_json AFTER UPDATE OF settings, metadata ON jobs
-- Keeps JSON in the storage class that the setting json_storage names.
WHEN NEW.tablao_rev = OLD.tablao_rev
BEGIN
  UPDATE jobs SET
    settings = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(settings AS BLOB)
      ELSE CAST(settings AS TEXT)
    END,
    metadata = CASE (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      WHEN 'blob' THEN CAST(metadata AS BLOB)
      ELSE CAST(metadata AS TEXT)
    END,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id
    AND (
      typeof(settings) <> (SELECT value FROM tablao_settings WHERE name = 'json_storage')
      OR typeof(metadata) <> (SELECT value FROM tablao_settings WHERE name = 'json_storage')
    );
END;

CREATE TRIGGER jobs_au_steps AFTER UPDATE OF steps_completed, steps_total ON jobs
-- The sums are what the tasks say, whatever is written to them.
WHEN NEW.tablao_rev = OLD.tablao_rev
  AND (
    NEW.steps_completed <> OLD.steps_completed
    OR NEW.steps_total <> OLD.steps_total
  )
BEGIN
  -- A status that changes with them may have changed the tasks by now.
  UPDATE jobs SET
    steps_completed = CASE NEW.status
      WHEN OLD.status THEN OLD.steps_completed
      ELSE (
        SELECT coalesce(sum(t.steps_completed), 0)
        FROM tasks t WHERE t.job_id = NEW.id
      )
    END,
    steps_total = OLD.steps_total,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER jobs_au_stamp AFTER UPDATE OF
  created_at, uuid, name, job_type, priority, status, activity, settings,
  metadata, delete_requested_at, worker_tag_id, steps_completed, steps_total
ON jobs
-- Sets updated_at, unless the statement did.
WHEN NEW.updated_at IS OLD.updated_at AND NEW.tablao_rev = OLD.tablao_rev
BEGIN
  UPDATE jobs SET updated_at = (SELECT now FROM farm_clock) WHERE id = NEW.id;
END;

CREATE TRIGGER jobs_au_lanes AFTER UPDATE OF
  priority, worker_tag_id, delete_requested_at
ON jobs
-- What the lanes of a job carry of it follows.
BEGIN
  INSERT INTO tablao_refresh_lanes (job_id) VALUES (NEW.id);
END;

CREATE TRIGGER jobs_au_status AFTER UPDATE OF status ON jobs
-- What a new status of a job does: section 3 of the specification.
WHEN NEW.status <> OLD.status AND NEW.tablao_rev = OLD.tablao_rev
BEGIN
  -- What follows goes by the sums, so they are right before it starts.
  UPDATE jobs SET
    steps_completed = OLD.steps_completed,
    steps_total = OLD.steps_total,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id
    AND (
      NEW.steps_completed <> OLD.steps_completed
      OR NEW.steps_total <> OLD.steps_total
    );
  INSERT INTO tablao_refresh_lanes (job_id) VALUES (NEW.id);
  INSERT INTO tablao_job_effects (
    job_id, status, old_status, keeps_activity, stamp
  )
  VALUES (
    NEW.id,
    CASE
      WHEN (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on'
      THEN NEW.status
    END,
    OLD.status,
    NEW.activity <> OLD.activity,
    CASE
      WHEN NEW.updated_at IS OLD.updated_at THEN (SELECT now FROM farm_clock)
      ELSE NEW.updated_at
    END
  );
END;

CREATE TRIGGER jobs_bd BEFORE DELETE ON jobs
-- What hangs on a job goes with it, with foreign keys on or off.
BEGIN
  -- With its counters goes what the triggers keep for this job, see
  -- tablao_job_counts; so its tasks go without one word about each other.
  DELETE FROM tablao_job_counts WHERE job_id = OLD.id;
  DELETE FROM tablao_lanes WHERE job_id = OLD.id;
  DELETE FROM task_dependencies
  WHERE task_id IN (SELECT id FROM tasks WHERE job_id = OLD.id);
  DELETE FROM task_failures
  WHERE task_id IN (SELECT id FROM tasks WHERE job_id = OLD.id);
  DELETE FROM tasks WHERE job_id = OLD.id;
  DELETE FROM job_blocks WHERE job_id = OLD.id;
  DELETE FROM last_rendereds WHERE job_id = OLD.id;
END;
