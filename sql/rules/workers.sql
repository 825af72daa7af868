-- workers, worker_tags and worker_tag_membership: rules on their rows, and
-- what a change of a worker's status does.

CREATE TRIGGER workers_bi BEFORE INSERT ON workers
-- The rules on a new worker; notes whether its keys are taken.
BEGIN
  INSERT INTO tablao_assert_worker_status (status, status_requested)
  VALUES (NEW.status, NEW.status_requested);
  INSERT INTO tablao_assert_task_types (supported_task_types)
  VALUES (NEW.supported_task_types);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'workers',
    EXISTS (SELECT 1 FROM workers WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM workers WHERE uuid = NEW.uuid);
END;

CREATE TRIGGER workers_ai AFTER INSERT ON workers
-- Refuses a REPLACE; sets the times to the clock's and takes the task types
-- apart.
BEGIN
  SELECT RAISE(ABORT, 'tablao: workers.id must be a whole number from 1')
  WHERE NEW.id < 1;
  SELECT RAISE(ABORT, 'tablao: workers cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  WHERE EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'workers');
  UPDATE workers SET created_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id
    AND NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
    AND NEW.created_at <> (SELECT now FROM farm_clock);
  -- Last, since the change of created_at has stamped the row.
  UPDATE workers SET updated_at = CASE
    WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
    THEN (SELECT now FROM farm_clock)
    ELSE NEW.updated_at
  END
  WHERE id = NEW.id;
  INSERT INTO tablao_refresh_worker_types (worker_id) VALUES (NEW.id);
END;

CREATE TRIGGER workers_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON workers
-- An id is for life: rows of other tables name it.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: workers.id cannot be changed');
END;

CREATE TRIGGER workers_bu_own BEFORE UPDATE OF tablao_rev ON workers
-- Only an UPDATE of ours may count tablao_rev up, by one.
WHEN NEW.tablao_rev <> OLD.tablao_rev AND NEW.tablao_rev <> OLD.tablao_rev + 1
BEGIN
  SELECT RAISE(ABORT, 'tablao: workers.tablao_rev is kept by triggers and cannot be changed');
END;

CREATE TRIGGER workers_bu_status BEFORE UPDATE OF status ON workers
-- The rule on statuses.
BEGIN
  INSERT INTO tablao_assert_worker_status (status) VALUES (NEW.status);
END;

CREATE TRIGGER workers_bu_status_requested BEFORE UPDATE OF status_requested ON workers
-- The rules on requests.
BEGIN
  INSERT INTO tablao_assert_worker_status (status_requested)
  VALUES (NEW.status_requested);
  SELECT RAISE(ABORT, 'tablao: workers.status_requested must not be restart: this worker cannot restart (can_restart is 0)')
  WHERE NEW.status_requested = 'restart'
    AND OLD.status_requested <> 'restart'
    AND NOT NEW.can_restart
    AND (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on';
END;

CREATE TRIGGER workers_bu_types BEFORE UPDATE OF supported_task_types ON workers
-- The rule on task types.
BEGIN
  INSERT INTO tablao_assert_task_types (supported_task_types)
  VALUES (NEW.supported_task_types);
END;

CREATE TRIGGER workers_bu_uuid BEFORE UPDATE OF uuid ON workers
-- Refuses an UPDATE OR REPLACE that would delete another worker.
WHEN EXISTS (SELECT 1 FROM workers WHERE uuid = NEW.uuid AND id <> OLD.id)
BEGIN
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing) VALUES (1, 1);
  SELECT RAISE(ABORT, 'tablao: workers.uuid must be unique: this UPDATE OR REPLACE would delete another worker')
  FROM tablao_taken WHERE is_replacing;
END;

CREATE TRIGGER workers_au_stamp AFTER UPDATE OF
  created_at, uuid, secret, name, address, platform, software, status,
  last_seen_at, status_requested, lazy_status_request, supported_task_types,
  can_restart
ON workers
-- Sets updated_at, unless the statement did. deleted_at alone does not.
WHEN NEW.updated_at IS OLD.updated_at AND NEW.tablao_rev = OLD.tablao_rev
BEGIN
  UPDATE workers SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id;
END;

CREATE TRIGGER workers_au_types AFTER UPDATE OF supported_task_types ON workers
-- Takes the task types apart anew.
WHEN NEW.supported_task_types IS NOT OLD.supported_task_types
BEGIN
  INSERT INTO tablao_refresh_worker_types (worker_id) VALUES (NEW.id);
END;

CREATE TRIGGER workers_au_status AFTER UPDATE OF
  status, status_requested, lazy_status_request, deleted_at
ON workers
-- Where one of these holds, it no longer does after this trigger has run, so
-- that its own UPDATE does not start it again.
WHEN (
    NEW.status <> OLD.status
    OR (NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL)
    OR (NEW.status_requested = NEW.status AND NEW.status <> '')
  )
  AND (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on'
BEGIN
  INSERT INTO tablao_requests (worker_id, old_status)
  SELECT NEW.id, OLD.status;
  INSERT INTO tablao_return_tasks (worker_id, reason)
  SELECT NEW.id, 'went from awake to ' || NEW.status
  WHERE OLD.status = 'awake' AND NEW.status <> 'awake';
  INSERT INTO tablao_return_tasks (worker_id, reason)
  SELECT NEW.id, 'was deleted'
  WHERE NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL;
END;

CREATE TRIGGER workers_bd BEFORE DELETE ON workers
-- What hangs on a worker goes with it, with foreign keys on or off; its active
-- tasks return to the pool.
BEGIN
  INSERT INTO tablao_return_tasks (worker_id, reason)
  SELECT OLD.id, 'was deleted'
  WHERE (SELECT value FROM tablao_settings WHERE name = 'state_machine') = 'on';
  UPDATE tasks SET
    worker_id = NULL,
    updated_at = (SELECT now FROM farm_clock),
    tablao_rev = tablao_rev + 1
  WHERE worker_id = OLD.id;
  DELETE FROM worker_tag_membership WHERE worker_id = OLD.id;
  DELETE FROM task_failures WHERE worker_id = OLD.id;
  DELETE FROM job_blocks WHERE worker_id = OLD.id;
  DELETE FROM sleep_schedules WHERE worker_id = OLD.id;
  DELETE FROM tablao_worker_types WHERE worker_id = OLD.id;
END;

-- worker_tags ---------------------------------------------------------------

CREATE TRIGGER worker_tags_bi BEFORE INSERT ON worker_tags
-- Notes whether the keys of a new tag are taken.
BEGIN
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'worker_tags',
    EXISTS (SELECT 1 FROM worker_tags WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM worker_tags WHERE uuid = NEW.uuid)
    OR EXISTS (SELECT 1 FROM worker_tags WHERE name = NEW.name);
END;

CREATE TRIGGER worker_tags_ai AFTER INSERT ON worker_tags
-- Refuses a REPLACE; sets the times to the clock's.
BEGIN
  SELECT RAISE(ABORT, 'tablao: worker_tags.id must be a whole number from 1')
  WHERE NEW.id < 1;
  SELECT RAISE(ABORT, 'tablao: worker_tags cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  WHERE EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'worker_tags');
  UPDATE worker_tags SET created_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id
    AND NEW.created_at = strftime('%Y-%m-%d %H:%M:%f+00:00')
    AND NEW.created_at <> (SELECT now FROM farm_clock);
  -- Last, since the change of created_at has stamped the row.
  UPDATE worker_tags SET updated_at = CASE
    WHEN coalesce(NEW.updated_at, '') IN ('', strftime('%Y-%m-%d %H:%M:%f+00:00'))
    THEN (SELECT now FROM farm_clock)
    ELSE NEW.updated_at
  END
  WHERE id = NEW.id;
END;

CREATE TRIGGER worker_tags_bu_id BEFORE UPDATE OF id, rowid, oid, _rowid_ ON worker_tags
-- An id is for life: rows of other tables name it.
WHEN NEW.id IS NOT OLD.id
BEGIN
  SELECT RAISE(ABORT, 'tablao: worker_tags.id cannot be changed');
END;

CREATE TRIGGER worker_tags_bu_keys BEFORE UPDATE OF uuid, name ON worker_tags
-- Refuses an UPDATE OR REPLACE that would delete another tag.
WHEN EXISTS (SELECT 1 FROM worker_tags WHERE uuid = NEW.uuid AND id <> OLD.id)
  OR EXISTS (SELECT 1 FROM worker_tags WHERE name = NEW.name AND id <> OLD.id)
BEGIN
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing) VALUES (1, 1);
  SELECT RAISE(ABORT, 'tablao: worker_tags.uuid and worker_tags.name must be unique: this UPDATE OR REPLACE would delete another tag')
  FROM tablao_taken WHERE is_replacing;
END;

CREATE TRIGGER worker_tags_au_stamp AFTER UPDATE OF
  created_at, uuid, name, description
ON worker_tags
-- Sets updated_at, unless the statement did.
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE worker_tags SET updated_at = (SELECT now FROM farm_clock)
  WHERE id = NEW.id;
END;

CREATE TRIGGER worker_tags_bd BEFORE DELETE ON worker_tags
-- What hangs on a tag goes with it, with foreign keys on or off.
BEGIN
  UPDATE jobs SET worker_tag_id = NULL WHERE worker_tag_id = OLD.id;
  DELETE FROM worker_tag_membership WHERE worker_tag_id = OLD.id;
END;

-- worker_tag_membership -----------------------------------------------------

CREATE TRIGGER worker_tag_membership_bi BEFORE INSERT ON worker_tag_membership
-- The rules on a new membership; notes whether its rowid is that of another.
BEGIN
  INSERT INTO tablao_assert_membership (worker_tag_id, worker_id)
  VALUES (NEW.worker_tag_id, NEW.worker_id);
  INSERT INTO tablao_note_replaced (table_name, is_taken)
  SELECT 'worker_tag_membership', EXISTS (
    SELECT 1 FROM worker_tag_membership
    WHERE rowid = NEW.rowid AND (worker_tag_id <> NEW.worker_tag_id OR worker_id <> NEW.worker_id)
  );
END;

CREATE TRIGGER worker_tag_membership_ai_rowid AFTER INSERT ON worker_tag_membership
-- Refuses a REPLACE by rowid, which has deleted another membership.
WHEN NEW.rowid < 1
  OR EXISTS (SELECT 1 FROM tablao_replaced WHERE table_name = 'worker_tag_membership')
BEGIN
  SELECT CASE
    WHEN NEW.rowid < 1
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.rowid must be a whole number from 1')
    ELSE RAISE(ABORT, 'tablao: worker_tag_membership.rowid is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
END;

CREATE TRIGGER worker_tag_membership_bu BEFORE UPDATE ON worker_tag_membership
-- The rules on a membership.
BEGIN
  SELECT RAISE(ABORT, 'tablao: worker_tag_membership.rowid cannot be changed')
  WHERE NEW.rowid IS NOT OLD.rowid;
  INSERT INTO tablao_assert_membership (worker_tag_id, worker_id)
  VALUES (NEW.worker_tag_id, NEW.worker_id);
END;

CREATE TRIGGER worker_tag_membership_ai AFTER INSERT ON worker_tag_membership
-- The worker takes tasks of that tag, too.
BEGIN
  INSERT INTO tablao_refresh_worker_types (worker_id) VALUES (NEW.worker_id);
END;

CREATE TRIGGER worker_tag_membership_au AFTER UPDATE ON worker_tag_membership
-- The tags of both workers are seen anew.
BEGIN
  INSERT INTO tablao_refresh_worker_types (worker_id)
  VALUES (OLD.worker_id), (NEW.worker_id);
END;

CREATE TRIGGER worker_tag_membership_ad AFTER DELETE ON worker_tag_membership
-- The tags of the worker are seen anew.
BEGIN
  INSERT INTO tablao_refresh_worker_types (worker_id) VALUES (OLD.worker_id);
END;
