-- A worker, from its INSERT to its DELETE; then worker_tags and
-- worker_tag_membership.

CREATE TRIGGER tablao_workers_before_insert BEFORE INSERT ON workers
-- Notes whether the keys are taken. Not by tablao_note_replaced: an INSERT has no
-- other use for it, and compiling it costs more.
BEGIN
  UPDATE tablao_replaced SET key = CASE
    WHEN NEW.id IN (SELECT id FROM workers) OR NEW.uuid IN (SELECT uuid FROM workers)
    THEN coalesce(NEW.uuid, RAISE(ABORT, 'tablao: workers cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE'))
    ELSE nullif(key, NEW.uuid)
  END
  WHERE table_name = 'workers';
END;

CREATE TRIGGER tablao_workers_insert_deleted BEFORE INSERT ON workers
-- A worker that comes with a deleted_at in another form (a CSV file has '' for
-- NULL) is inserted with the right one in its place. An UPDATE afterwards would
-- be a soft deletion, with all that this may set off.
WHEN NEW.deleted_at <> printf('%s.%03d+00:00', datetime(NEW.deleted_at, '+0 days'), substr(NEW.deleted_at, 21, 3))
  -- An upsert of a worker that there is goes on to its UPDATE.
  AND NEW.id NOT IN (SELECT id FROM workers)
  AND (NEW.uuid IN (SELECT uuid FROM workers)) IS NOT TRUE
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.deleted_at);
  INSERT INTO workers (
    id, created_at, updated_at, uuid, secret, name, address, platform, software,
    status, last_seen_at, status_requested, lazy_status_request,
    supported_task_types, deleted_at, can_restart
  ) VALUES (
    nullif(NEW.id, -1), NEW.created_at, NEW.updated_at, NEW.uuid, NEW.secret,
    NEW.name, NEW.address, NEW.platform, NEW.software, NEW.status,
    NEW.last_seen_at, NEW.status_requested, NEW.lazy_status_request,
    NEW.supported_task_types,
    (SELECT value FROM tablao_written_times WHERE n = 1), NEW.can_restart
  );
  SELECT RAISE(IGNORE);
END;

CREATE TRIGGER tablao_workers_insert AFTER INSERT ON workers
-- The rules on a new worker; its times, and its list of task types split up. The
-- UPDATE fires the triggers that have the rules on what it sets. They know it
-- because no other UPDATE counts tablao_rev down.
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: workers.id must be a whole number from 1')
    WHEN NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'workers')
    THEN RAISE(ABORT, 'tablao: workers cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  UPDATE workers SET
    (created_at, updated_at) = (
      SELECT
        coalesce(nullif(workers.created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), c.now),
        coalesce(nullif(workers.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), c.now)
      FROM farm_clock c
    ),
    status_requested = status_requested,
    supported_task_types = supported_task_types,
    tablao_rev = tablao_rev - 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_workers_before_uuid BEFORE UPDATE OF uuid ON workers
-- Notes whether another worker has the uuid.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('workers', NEW.uuid, (SELECT uuid FROM workers WHERE uuid = NEW.uuid AND id <> OLD.id));
END;

CREATE TRIGGER tablao_workers_update_request AFTER UPDATE OF
  status, status_requested, lazy_status_request, can_restart
ON workers
-- The rules on these columns (instr(): as in tablao_jobs_update_own); and what is
-- left of a request, now that the worker has this status: docs/rules.md, "A worker's
-- status". Booleans are kept as 0 and 1. All of it in one UPDATE, since that of a row
-- this wide is most of what there is to compile.
BEGIN
  SELECT CASE
    -- @statuses worker
    WHEN NOT instr('''starting''starting''awake''awake''asleep''asleep''error''error''testing''testing''offline''offline''restart''restart''''', quote(NEW.status) || NEW.status)
      AND (NEW.status <> OLD.status OR NEW.status_requested = OLD.status_requested)
    THEN RAISE(ABORT, 'tablao: workers.status must be one of starting, awake, asleep, error, testing, offline, restart, or empty before the first sign-on')
    -- @statuses worker
    WHEN NOT instr('''starting''starting''awake''awake''asleep''asleep''error''error''testing''testing''offline''offline''restart''restart''''', quote(NEW.status_requested) || NEW.status_requested)
      AND (NEW.status_requested IS NOT OLD.status_requested OR NEW.tablao_rev < OLD.tablao_rev)
    THEN RAISE(ABORT, 'tablao: workers.status_requested must be one of starting, awake, asleep, error, testing, offline, restart, or empty for no request')
    WHEN NEW.status_requested = 'restart'
      AND (OLD.status_requested <> 'restart' OR NEW.tablao_rev < OLD.tablao_rev)
      AND NEW.can_restart GLOB '[0Ff]*'
    THEN RAISE(ABORT, 'tablao: workers.status_requested must not be restart: this worker cannot restart (can_restart is 0)')
    WHEN ((NEW.lazy_status_request IS NOT OLD.lazy_status_request OR NEW.tablao_rev < OLD.tablao_rev)
        AND NOT instr('00 11 ''true''true''false''false', lower(quote(NEW.lazy_status_request) || NEW.lazy_status_request)))
      OR ((NEW.can_restart IS NOT OLD.can_restart OR NEW.tablao_rev < OLD.tablao_rev)
        AND NOT instr('00 11 ''true''true''false''false', lower(quote(NEW.can_restart) || NEW.can_restart)))
    THEN RAISE(ABORT, 'tablao: workers.lazy_status_request and can_restart must be 0 or 1, or the texts true and false')
  END;
  UPDATE workers SET
    -- The first of these rows.
    (status_requested, lazy_status_request) = (
      -- Awake or asleep.
      SELECT CASE WHEN OLD.status GLOB 'a[ws]*' THEN OLD.status ELSE '' END, 0
      WHERE OLD.status <> NEW.status AND workers.status = 'offline'
        -- '' is found in it, too.
        AND instr('offline restart', workers.status_requested)
      UNION ALL
      SELECT '', 0 WHERE workers.status_requested = workers.status AND workers.status <> ''
      UNION ALL
      -- GLOB is 1 or 0, and costs less than any comparison of the two.
      SELECT workers.status_requested, workers.lazy_status_request GLOB '[1Tt]*'
    ),
    -- Other values, from before the rule, stay.
    can_restart = replace(replace(lower(can_restart), 'true', 1), 'false', 0),
    -- The statement's own UPDATE is stamped: its updated_at stays.
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id
    AND (
      (status_requested = status AND status <> '')
      OR (OLD.status <> NEW.status AND status = 'offline')
      OR lazy_status_request || can_restart GLOB '*[TtFf]*'
    );
END;

CREATE TRIGGER tablao_workers_update_status AFTER UPDATE OF status, deleted_at ON workers
-- A worker that is no longer awake, or no longer there, gives its active tasks
-- back.
WHEN (OLD.status = 'awake' AND NEW.status <> 'awake')
  OR (NEW.deleted_at <> '' AND OLD.deleted_at IS NULL)
BEGIN
  INSERT INTO tablao_return_tasks (worker_id, reason)
  VALUES (
    NEW.id,
    CASE
      WHEN OLD.status = 'awake' AND NEW.status <> 'awake'
      THEN 'went from awake to ' || NEW.status
      ELSE 'was deleted'
    END
  );
END;

-- tablao_return_tasks: returns the active tasks of a worker to the pool; reason
-- goes on after the worker's name.
CREATE VIEW tablao_return_tasks (worker_id, reason) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_return_tasks_insert INSTEAD OF INSERT ON tablao_return_tasks
BEGIN
  UPDATE tasks SET (status, activity) = (
    SELECT j.pool_status, printf('Task changed to %s: worker %s (%s) %s', j.pool_status, w.name, w.uuid, NEW.reason)
    FROM tablao_job_lanes j CROSS JOIN workers w
    WHERE j.job_id = tasks.job_id AND w.id = NEW.worker_id
  )
  WHERE worker_id = NEW.worker_id AND status = 'active';
END;

CREATE TRIGGER tablao_workers_update AFTER UPDATE OF
  id, rowid, oid, _rowid_, created_at, updated_at, uuid, secret, name, address,
  platform, software, status, last_seen_at, status_requested,
  lazy_status_request, supported_task_types, can_restart
ON workers
-- Sets updated_at, or brings it to its form if the statement has set it. Not for a
-- change of deleted_at alone, nor for our own UPDATEs: what they set is right, and
-- SQLite 3.37 might find another millisecond for ever.
WHEN NEW.tablao_rev <= OLD.tablao_rev
  AND (
    NEW.updated_at IS OLD.updated_at
    OR strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.updated_at, '+0 days') IS NOT NEW.updated_at
  )
BEGIN
  INSERT INTO tablao_times (n, value)
  VALUES (1, nullif(NEW.updated_at, CASE WHEN NEW.tablao_rev >= OLD.tablao_rev THEN OLD.updated_at END));
  UPDATE workers SET
    updated_at = (
      SELECT coalesce(w.value, c.now) FROM tablao_written_times w CROSS JOIN farm_clock c
      WHERE w.n = 1
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_workers_update_times AFTER UPDATE OF created_at, last_seen_at ON workers
-- Times are kept in one form.
WHEN (
    (NEW.created_at IS NOT OLD.created_at OR NEW.tablao_rev < OLD.tablao_rev)
    AND strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.created_at, '+0 days') IS NOT NEW.created_at
  )
  OR (
    (NEW.last_seen_at IS NOT OLD.last_seen_at OR NEW.tablao_rev < OLD.tablao_rev)
    AND strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.last_seen_at, '+0 days') IS NOT NEW.last_seen_at
  )
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.created_at);
  INSERT INTO tablao_times (n, value) VALUES (2, NEW.last_seen_at);
  UPDATE workers SET
    (created_at, last_seen_at) = (
      SELECT coalesce(a.value, c.now), b.value
      FROM tablao_written_times a CROSS JOIN tablao_written_times b CROSS JOIN farm_clock c
      WHERE a.n = 1 AND b.n = 2
    ),
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_workers_update_deleted AFTER UPDATE OF deleted_at ON workers
-- The same for deleted_at, apart, since a change of it may set off a lot.
WHEN strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.deleted_at, '+0 days') IS NOT NEW.deleted_at
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.deleted_at);
  UPDATE workers SET
    deleted_at = (SELECT value FROM tablao_written_times WHERE n = 1)
  WHERE id = NEW.id
    AND NEW.deleted_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 1);
END;

CREATE TRIGGER tablao_workers_update_types AFTER UPDATE OF
  id, rowid, oid, _rowid_, uuid, name, supported_task_types
ON workers
-- The rules on names and types; an UPDATE OR REPLACE must not delete another
-- worker. Splits up the task types anew.
BEGIN
  SELECT CASE
    -- An id is for life: rows of other tables name it.
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: workers.id cannot be changed')
    WHEN typeof(NEW.uuid) <> 'text' AND (NEW.uuid IS NOT OLD.uuid OR NEW.tablao_rev < OLD.tablao_rev)
    THEN RAISE(ABORT, 'tablao: workers.uuid must be text')
    WHEN instr(NEW.uuid || NEW.name || NEW.supported_task_types, char(0))
    THEN RAISE(ABORT, 'tablao: workers.uuid, name and supported_task_types must not contain a zero byte')
    WHEN NEW.uuid IS NOT OLD.uuid
      AND NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'workers')
    THEN RAISE(ABORT, 'tablao: workers.uuid must be unique: this UPDATE OR REPLACE would delete another worker')
    -- What was there before a rule stays.
    WHEN NEW.supported_task_types IS OLD.supported_task_types AND NEW.tablao_rev >= OLD.tablao_rev
    THEN NULL
    WHEN CAST(NEW.supported_task_types AS TEXT) GLOB '*[]["{}]*'
    THEN RAISE(ABORT, 'tablao: workers.supported_task_types must be task types separated by commas, without brackets, braces and double quotes: it is not JSON')
    -- Below 32, all but tabs and line ends.
    WHEN CAST(NEW.supported_task_types AS TEXT) GLOB printf('*[^%s]*', char(9, 10, 13, 32, 45, 1114111))
    THEN RAISE(ABORT, 'tablao: workers.supported_task_types must be task types separated by commas, without control characters')
    WHEN length(NEW.supported_task_types) > 10000
    THEN RAISE(ABORT, 'tablao: workers.supported_task_types must not be longer than 10000 characters')
  END;
  DELETE FROM tablao_worker_types WHERE worker_id = NEW.id;
  INSERT INTO tablao_worker_types (worker_id, task_type, worker_tag_id)
  SELECT worker_id, task_type, worker_tag_id
  FROM tablao_worker_type_pairs
  WHERE worker_id = NEW.id
  ON CONFLICT DO NOTHING;
END;

-- tablao_worker_supports: supported_task_types, split at its commas, trimmed and in
-- lower case: one row per worker and type; a type may repeat. A worker whose text has
-- control characters, as only an observed farm can have, has no row: its list would
-- make malformed JSON, and the view would fail for all workers. value is qualified
-- and the alias unusual, so that neither means a column that somebody adds to workers.
-- @both
CREATE VIEW tablao_worker_supports (worker_id, task_type) AS
SELECT w.id, trim(j.value, char(9, 10, 13, 32)) AS tablao_s
FROM workers w
CROSS JOIN json_each(
  CASE -- @observed
    WHEN instr(w.supported_task_types, char(0)) -- @observed
      OR w.supported_task_types GLOB '*[^' || char(9, 10, 13, 32, 45, 1114111) || ']*' -- @observed
    THEN '[]' -- @observed
    ELSE -- @observed
  '["' || replace(replace(replace(replace(replace(replace(
    lower(w.supported_task_types), '\', '\\'), '"', '\"'), char(9), '\t'),
    char(10), '\n'), char(13), '\r'), ',', '","') || '"]'
  END -- @observed
) j
WHERE tablao_s <> '';

-- tablao_worker_type_pairs: what tablao_worker_types must hold: every task type
-- that a worker supports with every tag that it has, and with 0, for jobs without a
-- tag.
-- @both
CREATE VIEW tablao_worker_type_pairs (worker_id, task_type, worker_tag_id) AS
SELECT g.worker_id, s.task_type, g.worker_tag_id
FROM (
  SELECT id AS worker_id, 0 AS worker_tag_id FROM workers
  UNION ALL
  SELECT worker_id, worker_tag_id FROM worker_tag_membership
) g
CROSS JOIN tablao_worker_supports s ON s.worker_id = g.worker_id;

CREATE TRIGGER tablao_workers_delete BEFORE DELETE ON workers
-- The tasks of a worker stay, without it, with foreign keys on or off; the active
-- ones return to the pool. What goes with it: tablao_workers_delete_history.
BEGIN
  INSERT INTO tablao_return_tasks (worker_id, reason) VALUES (OLD.id, 'was deleted');
  UPDATE tasks SET
    worker_id = NULL,
    updated_at = (SELECT now FROM farm_clock),
    tablao_rev = tablao_rev + (tablao_rev IS TRUE)
  WHERE worker_id = OLD.id;
END;

-- worker_tags ---------------------------------------------------------------

CREATE TRIGGER tablao_tags_before_insert BEFORE INSERT ON worker_tags
-- Notes whether the keys of a new tag are taken.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('worker_tags', NEW.uuid, (
    SELECT coalesce(NEW.uuid, RAISE(ABORT, 'tablao: worker_tags cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE'))
    FROM worker_tags WHERE id = NEW.id OR uuid = NEW.uuid OR name = NEW.name
  ));
END;

CREATE TRIGGER tablao_tags_insert AFTER INSERT ON worker_tags
-- The rules on a new tag; its times.
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: worker_tags.id must be a whole number from 1')
    WHEN typeof(NEW.uuid) <> 'text'
    THEN RAISE(ABORT, 'tablao: worker_tags.uuid must be text')
    WHEN NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'worker_tags')
    THEN RAISE(ABORT, 'tablao: worker_tags cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  -- '' says that it is new: the rules are for all of it.
  UPDATE worker_tags SET
    created_at = coalesce(nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock)),
    updated_at = ''
  WHERE id = NEW.id;
  -- Last, since the change of created_at has stamped the row.
  UPDATE worker_tags SET updated_at = coalesce(nullif(NEW.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock))
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_tags_before_keys BEFORE UPDATE OF uuid, name ON worker_tags
-- Notes whether another tag has the keys.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('worker_tags', NEW.uuid, (
    SELECT NEW.uuid FROM worker_tags WHERE (uuid = NEW.uuid OR name = NEW.name) AND id <> OLD.id
  ));
END;

CREATE TRIGGER tablao_tags_update AFTER UPDATE ON worker_tags
-- The rules on a tag, as far as this statement changes it; sets updated_at, unless
-- the statement did.
BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: worker_tags.id cannot be changed')
    WHEN typeof(NEW.uuid) <> 'text' AND NEW.uuid IS NOT OLD.uuid
    THEN RAISE(ABORT, 'tablao: worker_tags.uuid must be text')
    WHEN instr(NEW.uuid, char(0)) AND (NEW.uuid IS NOT OLD.uuid OR NEW.updated_at = '')
      OR instr(NEW.name, char(0)) AND (NEW.name IS NOT OLD.name OR NEW.updated_at = '')
    THEN RAISE(ABORT, 'tablao: worker_tags.uuid and name must not contain a zero byte')
    WHEN (NEW.uuid IS NOT OLD.uuid OR NEW.name IS NOT OLD.name)
      AND NEW.uuid = (SELECT key FROM tablao_replaced WHERE table_name = 'worker_tags')
    THEN RAISE(ABORT, 'tablao: worker_tags.uuid and worker_tags.name must be unique: this UPDATE OR REPLACE would delete another tag')
  END;
  INSERT INTO tablao_times (n, value)
  VALUES (1, CASE WHEN NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '' THEN NEW.created_at END);
  UPDATE worker_tags SET
    created_at = coalesce((SELECT value FROM tablao_written_times WHERE n = 1), (SELECT now FROM farm_clock))
  WHERE id = NEW.id
    AND (NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '')
    AND NEW.created_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 1);
  -- Last, since that has stamped the row where recursive_triggers is on; and not
  -- twice in one millisecond.
  INSERT INTO tablao_times (n, value) VALUES (2, nullif(NEW.updated_at, OLD.updated_at));
  UPDATE worker_tags SET updated_at = v.value
  FROM (
    SELECT
      CASE
        WHEN NEW.updated_at IS OLD.updated_at OR NEW.updated_at = '' THEN c.now
        ELSE w.value
      END AS value
    FROM farm_clock c CROSS JOIN tablao_written_times w
    WHERE w.n = 2
  ) v
  WHERE id = NEW.id AND updated_at IS NOT v.value;
END;

CREATE TRIGGER tablao_tags_delete AFTER DELETE ON worker_tags
-- What hangs on a tag goes with it, with foreign keys on or off. AFTER, when no user's
-- trigger can hang on it what it has just lost.
BEGIN
  UPDATE jobs SET worker_tag_id = NULL WHERE worker_tag_id = OLD.id;
  DELETE FROM worker_tag_membership WHERE worker_tag_id = OLD.id;
END;

-- worker_tag_membership -----------------------------------------------------

CREATE TRIGGER tablao_membership_before_insert BEFORE INSERT ON worker_tag_membership
-- Notes whether another row has its rowid.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('worker_tag_membership', NEW.rowid, (
    SELECT NEW.rowid FROM worker_tag_membership
    WHERE rowid = NEW.rowid AND (worker_tag_id <> NEW.worker_tag_id OR worker_id <> NEW.worker_id)
  ));
END;

CREATE TRIGGER tablao_membership_insert AFTER INSERT ON worker_tag_membership
-- Refuses a REPLACE by rowid, which has deleted another; the worker takes tasks
-- of that tag, too.
BEGIN
  SELECT CASE
    WHEN NEW.rowid < 1
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.rowid must be a whole number from 1')
    WHEN NEW.rowid = (SELECT key FROM tablao_replaced WHERE table_name = 'worker_tag_membership')
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.rowid is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  UPDATE worker_tag_membership SET worker_id = worker_id WHERE rowid = NEW.rowid;
END;

CREATE TRIGGER tablao_membership_update AFTER UPDATE ON worker_tag_membership
-- The rules on a membership; the tags of both workers, as the rows are by now.
BEGIN
  SELECT CASE
    WHEN NEW.rowid IS NOT OLD.rowid
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.rowid cannot be changed')
    WHEN m.worker_tag_id NOT IN (SELECT id FROM worker_tags)
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.worker_tag_id must be the id of a worker tag')
    WHEN m.worker_id NOT IN (SELECT id FROM workers)
    THEN RAISE(ABORT, 'tablao: worker_tag_membership.worker_id must be the id of a worker')
  END
  FROM worker_tag_membership m WHERE m.rowid = NEW.rowid;
  DELETE FROM tablao_worker_types
  WHERE worker_id = OLD.worker_id AND worker_tag_id = OLD.worker_tag_id
    -- By its types, or SQLite would look through those of all its tags.
    AND task_type IN (SELECT task_type FROM tablao_worker_supports WHERE worker_id = OLD.worker_id)
    AND ((OLD.worker_tag_id, OLD.worker_id)
      IN (SELECT worker_tag_id, worker_id FROM worker_tag_membership)) IS NOT TRUE;
  INSERT INTO tablao_worker_types (worker_id, task_type, worker_tag_id)
  SELECT s.worker_id, s.task_type, m.worker_tag_id
  FROM worker_tag_membership m
  CROSS JOIN tablao_worker_supports s ON s.worker_id = m.worker_id
  WHERE m.worker_tag_id = NEW.worker_tag_id AND m.worker_id = NEW.worker_id
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER tablao_membership_delete AFTER DELETE ON worker_tag_membership
-- The worker takes no more tasks of that tag, unless it has been given back.
BEGIN
  DELETE FROM tablao_worker_types
  WHERE worker_id = OLD.worker_id AND worker_tag_id = OLD.worker_tag_id
    -- By its types, or SQLite would look through those of all its tags.
    AND task_type IN (SELECT task_type FROM tablao_worker_supports WHERE worker_id = OLD.worker_id)
    AND ((OLD.worker_tag_id, OLD.worker_id)
      IN (SELECT worker_tag_id, worker_id FROM worker_tag_membership)) IS NOT TRUE;
END;
