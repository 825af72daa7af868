-- Jobs as documents: docs/documents.md. A document goes in in
-- three steps, so that plain SQL and the functions of the extension share one
-- set of rules: tablao_unpack takes it apart into the tables tablao_authored_*,
-- tablao_authoring_problems says what is wrong with it, tablao_store moves it
-- into the tables. It comes out by way of tablao_skeletons.

-- 1.

-- tablao_unpack: takes a document apart: a job (document), or tasks to be added to a stored
-- job (job_uuid, tasks). A member of the wrong JSON type is kept as a BLOB,
-- which is how tablao_authoring_problems tells it.
CREATE VIEW tablao_unpack (document, job_uuid, tasks) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_insert INSTEAD OF INSERT ON tablao_unpack
BEGIN
  -- Not one INSERT of two rows, which would copy the document into a table.
  INSERT INTO tablao_assert_json (value) VALUES (NEW.document);
  INSERT INTO tablao_assert_json (value) VALUES (NEW.tasks);
  DELETE FROM tablao_authored_job;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
  INSERT INTO tablao_authored_job (
    id, is_adding, is_object, uuid, name, job_type, priority, status, settings, metadata,
    storage_shaman_checkout_id, worker_tag, tasks, stranger, has_zero
  )
  SELECT
    1,
    0,
    coalesce(ltrim(CAST(NEW.document AS TEXT), char(65279, 9, 10, 13, 32)) GLOB '{*', 0),
    coalesce(max(CASE m.key WHEN 'uuid' THEN m.scalar END), (SELECT u.uuid FROM tablao_new_uuid u)),
    max(CASE m.key WHEN 'name' THEN m.scalar END),
    max(CASE m.key WHEN 'job_type' THEN m.scalar END),
    coalesce(max(CASE m.key WHEN 'priority' THEN m.number END), 50),
    coalesce(max(CASE m.key WHEN 'status' THEN m.scalar END), 'under-construction'),
    coalesce(max(CASE m.key WHEN 'settings' THEN m.object END), '{}'),
    coalesce(max(CASE m.key WHEN 'metadata' THEN m.object END), '{}'),
    coalesce(
      max(CASE WHEN m.key = 'storage' AND m.type = 'object' THEN (
        SELECT CASE
          WHEN n.type = 'text'
            AND replace(replace(replace(n.value,
              char(65533), ''), char(65534), ''), char(65535), '') NOT GLOB '*' || char(65533) || '*'
          THEN n.value
          ELSE CAST(n.value AS BLOB)
        END
        FROM json_each(m.value) n WHERE n.key = 'shaman_checkout_id'
      ) END),
      max(CASE WHEN m.key = 'storage' AND m.type NOT IN ('object', 'null')
        THEN CAST(m.value AS BLOB) END),
      ''
    ),
    max(CASE m.key WHEN 'worker_tag' THEN m.scalar END),
    coalesce(max(CASE m.key WHEN 'tasks' THEN CASE
      WHEN m.type IN ('array', 'null') THEN ''
      ELSE CAST(m.value AS BLOB)
    END END), ''),
    max(CASE WHEN m.key NOT IN (
      'uuid', 'name', 'job_type', 'priority', 'status', 'settings', 'metadata',
      'storage', 'worker_tag', 'tasks'
    ) THEN m.key END),
    -- SQLite cuts a string at a zero byte, so that is looked for in the text. Of
    -- an escape like \ude00 without its other half it makes bytes that are not
    -- UTF-8, and reads them, as few others, as U+FFFD.
    instr(replace(replace(replace(replace(
      (SELECT t.value FROM json_tree(ltrim(CAST(NEW.document AS TEXT), char(65279))) t LIMIT 1),
      coalesce(max(CASE m.key WHEN 'tasks' THEN m.value END), ''), ''),
      coalesce(max(CASE m.key WHEN 'settings' THEN m.value END), ''), ''),
      coalesce(max(CASE m.key WHEN 'metadata' THEN m.value END), ''), ''),
      '\\', ''), '\u0000') > 0
      OR max(replace(replace(replace(m.scalar,
        char(65533), ''), char(65534), ''), char(65535), '') GLOB '*' || char(65533) || '*')
  FROM (
    SELECT
      key,
      type,
      value,
      CASE type WHEN 'text' THEN value ELSE CAST(value AS BLOB) END AS scalar,
      CASE WHEN type IN ('integer', 'real') THEN value ELSE CAST(value AS BLOB) END AS number,
      CASE type WHEN 'object' THEN value WHEN 'null' THEN 'null' ELSE CAST(value AS BLOB) END AS object
    FROM json_each(ltrim(CAST(NEW.document AS TEXT), char(65279)))
  ) m;
  -- An aggregate makes a row of nothing, too.
  DELETE FROM tablao_authored_job WHERE NEW.job_uuid IS NOT NULL;
  INSERT INTO tablao_authored_job (id, is_adding, is_object, job_id, uuid, tasks)
  SELECT
    1,
    1,
    coalesce(ltrim(CAST(NEW.tasks AS TEXT), char(65279, 9, 10, 13, 32)) GLOB '[[]*', 0),
    (SELECT j.id FROM jobs j WHERE j.uuid = NEW.job_uuid),
    NEW.job_uuid,
    ''
  WHERE NEW.job_uuid IS NOT NULL;
  INSERT INTO tablao_unpack_task (number, task, type)
  SELECT t.key + 1, t.value, t.type
  FROM json_each(ltrim(CAST(NEW.document AS TEXT), char(65279)), '$.tasks') t
  WHERE NEW.job_uuid IS NULL
    AND (SELECT a.is_object AND typeof(a.tasks) = 'text' FROM tablao_authored_job a)
    -- JSON null at the path comes as one row, with the key of its parent.
    AND typeof(t.key) = 'integer';
  INSERT INTO tablao_unpack_task (number, task, type)
  SELECT t.key + 1, t.value, t.type
  FROM json_each(ltrim(CAST(NEW.tasks AS TEXT), char(65279))) t
  WHERE NEW.job_uuid IS NOT NULL AND (SELECT a.is_object FROM tablao_authored_job a);
  UPDATE tablao_authored_dependencies SET
    dependency_number = (
      SELECT t.number FROM tablao_authored_tasks t WHERE t.uuid = dependency_uuid
    );
  UPDATE tablao_authored_dependencies SET
    dependency_id = (
      SELECT t.id FROM tasks t
      WHERE t.uuid = dependency_uuid
        AND t.job_id = (SELECT a.job_id FROM tablao_authored_job a)
    )
  WHERE dependency_number IS NULL AND NEW.job_uuid IS NOT NULL;
END;

-- tablao_new_uuid: a new random version 4 UUID: one row. The same as the defaults of the
-- tables, which cannot use a view.
CREATE VIEW tablao_new_uuid (uuid) AS
SELECT lower(
  hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4'
  || substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1)
  || substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0))
);

-- tablao_unpack_task: takes one task of a document apart; number counts from 1.
CREATE VIEW tablao_unpack_task (number, task, type) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_task_insert INSTEAD OF INSERT ON tablao_unpack_task
BEGIN
  INSERT INTO tablao_authored_tasks (
    number, uuid, name, type, priority, commands, dependencies, stranger, has_zero, steps_total
  )
  SELECT
    NEW.number, a.uuid, a.name, a.type, a.priority, a.commands, a.dependencies, a.stranger,
    instr(replace(replace(NEW.task, a.commands, ''), '\\', ''), '\u0000') > 0
      OR replace(replace(replace(a.uuid || a.name || a.type,
        char(65533), ''), char(65534), ''), char(65535), '') GLOB '*' || char(65533) || '*',
    (
      -- Anything above 2^53 is refused later, and must not overflow here.
      SELECT coalesce(sum(min(9007199254740993, max(1, coalesce((
        SELECT CASE WHEN n.type IN ('integer', 'real') THEN CAST(n.value AS INTEGER) END
        FROM json_each(c.value) n
        WHERE c.type = 'object' AND n.key = 'total_step_count'
      ), 0)))), 0)
      FROM json_each(
        CASE WHEN typeof(a.commands) = 'text' AND a.commands <> 'null' THEN a.commands ELSE '[]' END
      ) c
    )
  FROM (
    SELECT
      coalesce(max(CASE m.key WHEN 'uuid' THEN m.scalar END), (SELECT u.uuid FROM tablao_new_uuid u)) AS uuid,
      max(CASE m.key WHEN 'name' THEN m.scalar END) AS name,
      max(CASE m.key WHEN 'type' THEN m.scalar END) AS type,
      coalesce(max(CASE m.key WHEN 'priority' THEN m.number END), 50) AS priority,
      coalesce(max(CASE m.key WHEN 'commands' THEN m.list END), '[]') AS commands,
      coalesce(max(CASE m.key WHEN 'dependencies' THEN m.list END), '[]') AS dependencies,
      max(CASE WHEN m.key NOT IN (
        'uuid', 'name', 'type', 'priority', 'commands', 'dependencies'
      ) THEN m.key END) AS stranger
    FROM (
      SELECT
        key,
        CASE type WHEN 'text' THEN value ELSE CAST(value AS BLOB) END AS scalar,
        CASE WHEN type IN ('integer', 'real') THEN value ELSE CAST(value AS BLOB) END AS number,
        CASE type WHEN 'array' THEN value WHEN 'null' THEN 'null' ELSE CAST(value AS BLOB) END AS list
      FROM json_each(CASE NEW.type WHEN 'object' THEN NEW.task ELSE '{}' END)
    ) m
  ) a;
  INSERT INTO tablao_authored_dependencies (number, dependency_uuid)
  SELECT NEW.number, CASE d.type WHEN 'text' THEN d.value ELSE CAST(d.value AS BLOB) END
  FROM tablao_authored_tasks t
  CROSS JOIN json_each(t.dependencies) d
  WHERE t.number = NEW.number
    AND t.dependencies NOT IN ('[]', 'null') AND typeof(t.dependencies) = 'text';
END;

-- 2.

-- tablao_authoring_problems: what is wrong with the document taken apart: a row
-- for the job, for each of its tasks and dependencies that has a problem, with
-- a word for the first one (the message to it is in tablao_assert_authoring)
-- and the value that offends.
CREATE VIEW tablao_authoring_problems (problem, offender) AS
SELECT v.problem, CAST(CASE v.problem
    WHEN 'stranger' THEN v.stranger
    WHEN 'name' THEN v.name
    WHEN 'job_type' THEN v.job_type
    WHEN 'priority' THEN v.priority
    WHEN 'status' THEN v.status
    WHEN 'settings' THEN v.settings
    WHEN 'metadata' THEN v.metadata
    WHEN 'storage' THEN v.storage_shaman_checkout_id
    WHEN 'worker_tag' THEN v.worker_tag
    WHEN 'tasks' THEN v.tasks
    WHEN 'object' THEN NULL
    WHEN 'tasks array' THEN NULL
    ELSE v.uuid
  END AS TEXT)
FROM (
  SELECT
    a.*,
    CASE
      WHEN is_adding AND NOT is_object THEN 'tasks array'
      WHEN is_adding AND job_id IS NULL THEN 'no job'
      WHEN is_adding THEN NULL
      WHEN NOT is_object THEN 'object'
      WHEN stranger IS NOT NULL THEN 'stranger'
      WHEN has_zero THEN 'zero'
      WHEN typeof(name) <> 'text' OR name = '' THEN 'name'
      WHEN typeof(job_type) <> 'text' OR job_type = '' THEN 'job_type'
      WHEN typeof(uuid) <> 'text' OR uuid = '' THEN 'uuid'
      WHEN EXISTS (SELECT 1 FROM jobs j WHERE j.uuid = a.uuid) THEN 'taken uuid'
      WHEN typeof(priority) NOT IN ('integer', 'real') OR priority <> CAST(priority AS INTEGER)
      THEN 'priority'
      WHEN typeof(status) <> 'text' THEN 'status'
      WHEN typeof(settings) <> 'text' THEN 'settings'
      WHEN typeof(metadata) <> 'text' THEN 'metadata'
      WHEN typeof(storage_shaman_checkout_id) <> 'text' THEN 'storage'
      WHEN worker_tag IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM worker_tags g WHERE g.uuid = a.worker_tag)
      THEN 'worker_tag'
      WHEN typeof(tasks) <> 'text' THEN 'tasks'
    END AS problem
  FROM tablao_authored_job a
) v
WHERE v.problem IS NOT NULL
UNION ALL
SELECT v.problem, CAST(CASE v.problem
    WHEN 'task stranger' THEN v.stranger
    WHEN 'task name' THEN coalesce(v.name, 'task ' || v.number)
    WHEN 'task type' THEN coalesce(v.type, v.name)
    WHEN 'task priority' THEN v.priority
    WHEN 'commands' THEN v.commands
    WHEN 'dependencies' THEN v.dependencies
    WHEN 'steps' THEN v.name
    ELSE v.uuid
  END AS TEXT)
FROM (
  SELECT
    a.*,
    CASE
      WHEN stranger IS NOT NULL THEN 'task stranger'
      WHEN has_zero THEN 'zero'
      WHEN typeof(name) <> 'text' OR name = '' THEN 'task name'
      WHEN typeof(type) <> 'text' OR type = '' THEN 'task type'
      WHEN typeof(uuid) <> 'text' OR uuid = '' THEN 'task uuid'
      WHEN EXISTS (SELECT 1 FROM tasks t WHERE t.uuid = a.uuid) THEN 'taken task uuid'
      WHEN EXISTS (
        SELECT 1 FROM tablao_authored_tasks b WHERE b.uuid = a.uuid AND b.number < a.number
      )
      THEN 'repeated task uuid'
      WHEN typeof(priority) NOT IN ('integer', 'real') OR priority <> CAST(priority AS INTEGER)
      THEN 'task priority'
      WHEN typeof(commands) <> 'text' THEN 'commands'
      WHEN typeof(dependencies) <> 'text' THEN 'dependencies'
      WHEN steps_total > 9007199254740992 THEN 'steps'
    END AS problem
  FROM tablao_authored_tasks a
) v
WHERE v.problem IS NOT NULL
UNION ALL
SELECT
  CASE WHEN a.dependency_number = a.number THEN 'own dependency' ELSE 'dependency' END,
  CAST(a.dependency_uuid AS TEXT)
FROM tablao_authored_dependencies a
WHERE (a.dependency_number IS NULL AND a.dependency_id IS NULL) OR a.dependency_number = a.number;

-- tablao_assert_authoring: refuses a document that has a problem.
CREATE VIEW tablao_assert_authoring (problem) AS
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_authoring_insert INSTEAD OF INSERT ON tablao_assert_authoring
BEGIN
  -- One value: from a FROM clause SQLite would write all of this CASE once per
  -- arm of the view.
  SELECT CASE (SELECT p.problem FROM tablao_authoring_problems p LIMIT 1)
    WHEN 'object'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document must be a JSON object')
    WHEN 'tasks array'
    THEN RAISE(ABORT, 'tablao: store_authored_tasks: the tasks must be a JSON array')
    WHEN 'no job'
    THEN RAISE(ABORT, 'tablao: store_authored_tasks: the job uuid must be that of a stored job')
    WHEN 'name'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job needs a name, a string that is not empty')
    WHEN 'job_type'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job needs a job_type, a string that is not empty')
    WHEN 'uuid'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: uuid must be a string that is not empty, or be left out')
    WHEN 'taken uuid'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: uuid must be that of no stored job')
    WHEN 'priority'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: priority must be a whole number')
    WHEN 'status'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: status must be a string, the status of a job')
    WHEN 'settings'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: settings must be an object or null')
    WHEN 'metadata'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: metadata must be an object or null')
    WHEN 'storage'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: storage must be an object whose shaman_checkout_id is a string')
    WHEN 'worker_tag'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: worker_tag must be null or the uuid of a worker tag')
    WHEN 'tasks'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: tasks must be an array')
    WHEN 'task name'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: every task must be an object with a name, a string that is not empty')
    WHEN 'task type'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: every task needs a type, a string that is not empty')
    WHEN 'task uuid'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must be a string that is not empty, or be left out')
    WHEN 'taken task uuid'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must be that of no stored task')
    WHEN 'repeated task uuid'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must not stand twice in a document')
    WHEN 'task priority'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the priority of a task must be a whole number')
    WHEN 'commands'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the commands of a task must be an array or null')
    WHEN 'dependencies'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the dependencies of a task must be an array of uuids')
    WHEN 'dependency'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a dependency must be the uuid of a task of the same job')
    WHEN 'own dependency'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a task must not depend on itself')
    WHEN 'stranger'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job has uuid, name, job_type, priority, status, settings, metadata, storage, worker_tag and tasks, and no other member')
    WHEN 'task stranger'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a task has uuid, name, type, priority, commands and dependencies, and no other member')
    WHEN 'zero'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: names, types and uuids must not contain a zero byte or half of a pair like \ud83d\ude00')
    WHEN 'steps'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the steps of a task must not pass 2^53')
  END;
END;

-- 3.

-- tablao_store: moves the document taken apart, which has no problem, into the
-- tables. Its tasks are stored by one statement, in rows that say that they are
-- accounted for (tablao_rev is 1), and its dependencies by another, while
-- is_linking keeps the triggers per row quiet; what those would have kept is
-- computed here.
CREATE VIEW tablao_store (job_id) AS
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_store_insert INSTEAD OF INSERT ON tablao_store
BEGIN
  INSERT INTO jobs (
    uuid, name, job_type, priority, status, settings, metadata,
    storage_shaman_checkout_id, worker_tag_id
  )
  SELECT
    a.uuid, a.name, a.job_type, a.priority, a.status, a.settings, a.metadata,
    a.storage_shaman_checkout_id,
    (SELECT g.id FROM worker_tags g WHERE g.uuid = a.worker_tag)
  FROM tablao_authored_job a
  WHERE NOT a.is_adding;
  UPDATE tablao_authored_job SET (job_id, last_index) = (
    SELECT
      j.id,
      (SELECT count(*) FROM tablao_authored_tasks)
        + coalesce((SELECT max(k.index_in_job) FROM tasks k WHERE k.job_id = j.id), 0)
    FROM jobs j WHERE j.uuid = tablao_authored_job.uuid
  );
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority)
  SELECT DISTINCT a.job_id, t.type, t.priority
  FROM tablao_authored_job a CROSS JOIN tablao_authored_tasks t;
  INSERT INTO tablao_counts (job_id, num_tasks, num_queued, steps_total)
  SELECT a.job_id, n.num_tasks, n.num_tasks, n.steps_total
  FROM tablao_authored_job a
  CROSS JOIN (
    SELECT count(*) AS num_tasks, coalesce(sum(t.steps_total), 0) AS steps_total
    FROM tablao_authored_tasks t
  ) n
  WHERE true
  ON CONFLICT (job_id) DO UPDATE SET
    num_tasks = num_tasks + excluded.num_tasks,
    num_queued = num_queued + excluded.num_queued,
    steps_total = steps_total + excluded.steps_total;
  SELECT CASE
    WHEN typeof(a.last_index) <> 'integer'
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the job has no index_in_job left for its tasks')
    WHEN c.steps_total > 9007199254740992
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the steps of a job must not pass 2^53')
  END
  FROM tablao_authored_job a
  CROSS JOIN tablao_counts c ON c.job_id = a.job_id;
  UPDATE tablao_lanes SET
    num_tasks = num_tasks + (
      SELECT count(*) FROM tablao_authored_tasks t
      WHERE lower(trim(t.type, char(9, 10, 13, 32))) = tablao_lanes.task_type
        AND t.priority = tablao_lanes.task_priority
    )
  WHERE job_id = (SELECT a.job_id FROM tablao_authored_job a);
  INSERT INTO tasks (
    created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
    commands, steps_total, tablao_rev, tablao_open_deps, tablao_lane
  )
  SELECT
    c.now,
    c.now,
    t.uuid,
    t.name,
    t.type,
    a.job_id,
    a.first_index + t.number,
    t.priority,
    t.commands,
    t.steps_total,
    1,
    -- For a task that has no id yet, as long as it is not linked.
    CASE t.dependencies WHEN '[]' THEN 0 ELSE -1 END,
    (
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = a.job_id
        AND l.task_type = lower(trim(t.type, char(9, 10, 13, 32)))
        AND l.task_priority = t.priority
    )
  FROM (
    SELECT
      j.job_id,
      j.last_index - (SELECT count(*) FROM tablao_authored_tasks) AS first_index
    FROM tablao_authored_job j
    LIMIT 1
  ) a
  CROSS JOIN farm_clock c
  CROSS JOIN tablao_authored_tasks t
  ORDER BY t.number;
  UPDATE tablao_authored_job SET is_linking = 1;
  INSERT INTO task_dependencies (task_id, dependency_id)
  SELECT t.id, coalesce(d.dependency_id, p.id)
  FROM tablao_authored_dependencies d
  CROSS JOIN tasks t ON t.uuid = (
    SELECT n.uuid FROM tablao_authored_tasks n WHERE n.number = d.number
  )
  LEFT JOIN tasks p ON p.uuid = d.dependency_uuid
  WHERE true
  ORDER BY d.rowid
  ON CONFLICT DO NOTHING;
  UPDATE tablao_authored_job SET is_linking = 0;
  -- Of all of them: a user's trigger may have added dependencies, or completed
  -- a task.
  UPDATE tasks SET
    tablao_open_deps = (SELECT n.waits_for FROM tablao_next_dependencies n WHERE n.task_id = tasks.id),
    tablao_rev = tablao_rev + 1
  WHERE job_id = (SELECT a.job_id FROM tablao_authored_job a)
    AND NOT (SELECT n.is_right FROM tablao_next_dependencies n WHERE n.task_id = tasks.id);
  -- The sums are what is booked, whatever is written to them.
  UPDATE jobs SET steps_total = (SELECT sum(t.steps_total) FROM tablao_authored_tasks t)
  WHERE id = (SELECT a.job_id FROM tablao_authored_job a)
    AND (SELECT sum(t.steps_total) FROM tablao_authored_tasks t) > 0;
  UPDATE tablao_lanes SET
    has_ready = EXISTS (SELECT 1 FROM tablao_ready_tasks r WHERE r.lane_id = tablao_lanes.id)
  WHERE job_id = (SELECT a.job_id FROM tablao_authored_job a);
  DELETE FROM tablao_authored_job;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
END;

-- The way out ---------------------------------------------------------------

-- tablao_skeletons: a job (kind 'job'), up to its tasks, and a task (kind
-- 'task') in an authored_jobs document, but for what is JSON already: ""1"",
-- ""2"" and ""3"", which valid JSON cannot hold, stand for its priority and for
-- settings and metadata, or commands. SQLite's scalar JSON functions may not
-- stand in a schema, so strings are escaped by hand: backslashes and quotes one
-- by one, and then the control characters, which are rare, in all of them at
-- once, one character after the other.
-- @both
CREATE VIEW tablao_skeletons (kind, id, text) AS
SELECT
  p.kind,
  p.id,
  CASE
    WHEN p.text NOT GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN p.text
    ELSE (
      WITH RECURSIVE c (n, text) AS (
        SELECT 1, p.text
        UNION ALL
        SELECT
          n + 1,
          replace(text, char(n), CASE n
            WHEN 9 THEN '\t'
            WHEN 10 THEN '\n'
            WHEN 13 THEN '\r'
            ELSE printf('\u%04x', n)
          END)
        FROM c WHERE n < 32
      )
      SELECT c.text FROM c WHERE c.n = 32
    )
  END
FROM (
  SELECT
    'task' AS kind,
    t.id,
    '{"uuid":"' || replace(replace(t.uuid, '\', '\\'), '"', '\"')
      || '","name":"' || replace(replace(t.name, '\', '\\'), '"', '\"')
      || '","type":"' || replace(replace(t.type, '\', '\\'), '"', '\"')
      || '","priority":""1"","commands":""2"","dependencies":['
      || coalesce(
        (
          SELECT group_concat('"' || replace(replace(dep.uuid, '\', '\\'), '"', '\"') || '"', ',')
          FROM (
            SELECT p.uuid
            FROM task_dependencies n CROSS JOIN tasks p ON p.id = n.dependency_id
            WHERE n.task_id = t.id
            ORDER BY n.rowid
          ) dep
        ),
        ''
      )
      || ']}' AS text
  FROM tasks t
  UNION ALL
  SELECT
    'job',
    j.id,
    '{"uuid":"' || replace(replace(j.uuid, '\', '\\'), '"', '\"')
      || '","name":"' || replace(replace(j.name, '\', '\\'), '"', '\"')
      || '","job_type":"' || replace(replace(j.job_type, '\', '\\'), '"', '\"')
      || '","priority":""1"","status":"' || replace(replace(j.status, '\', '\\'), '"', '\"')
      || '","settings":""2"","metadata":""3"","storage":{"shaman_checkout_id":"'
      || replace(replace(j.storage_shaman_checkout_id, '\', '\\'), '"', '\"')
      || '"},"worker_tag":'
      || coalesce(
        (
          SELECT '"' || replace(replace(g.uuid, '\', '\\'), '"', '\"') || '"'
          FROM worker_tags g WHERE g.id = j.worker_tag_id
        ),
        'null'
      )
      || ',"tasks":['
  FROM jobs j
) p;
