-- A job's document goes in in three steps, so that plain SQL and the functions
-- of the extension share one set of rules: tablao_unpack takes it apart into
-- the tables tablao_authored_*, tablao_authoring_problems says what is wrong
-- with it, tablao_store moves it into the tables.

CREATE VIEW tablao_task_skeletons (task_id, text) AS
-- A task in an authored_jobs document, but for what is JSON already: ""1"" and
-- ""2"", which valid JSON cannot hold, stand for its priority and commands.
-- SQLite's scalar JSON functions may not stand in a schema, so strings are
-- escaped by hand: backslashes and quotes one by one, and then the control
-- characters, which are rare, of all of them at once.
SELECT
  t.id,
  (
    SELECT CASE
      WHEN piece.text GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN (
        WITH RECURSIVE c (character, rest) AS (
          SELECT '', piece.text
          UNION ALL
          SELECT substr(rest, 1, 1), substr(rest, 2) FROM c WHERE rest <> ''
        )
        SELECT group_concat(
          CASE
            WHEN character = char(10) THEN '\n'
            WHEN character = char(13) THEN '\r'
            WHEN character = char(9) THEN '\t'
            WHEN unicode(character) < 32 THEN printf('\u%04x', unicode(character))
            ELSE character
          END,
          ''
        )
        FROM c
      )
      ELSE piece.text
    END
    FROM (SELECT
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
    ) piece
  )
FROM tasks t;

CREATE VIEW tablao_job_skeletons (job_id, text) AS
-- A job in an authored_jobs document, up to its tasks, made as
-- tablao_task_skeletons: ""1"", ""2"" and ""3"" stand for its priority,
-- settings and metadata.
SELECT
  j.id,
  (
    SELECT CASE
      WHEN piece.text GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN (
        WITH RECURSIVE c (character, rest) AS (
          SELECT '', piece.text
          UNION ALL
          SELECT substr(rest, 1, 1), substr(rest, 2) FROM c WHERE rest <> ''
        )
        SELECT group_concat(
          CASE
            WHEN character = char(10) THEN '\n'
            WHEN character = char(13) THEN '\r'
            WHEN character = char(9) THEN '\t'
            WHEN unicode(character) < 32 THEN printf('\u%04x', unicode(character))
            ELSE character
          END,
          ''
        )
        FROM c
      )
      ELSE piece.text
    END
    FROM (SELECT
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
      || ',"tasks":[' AS text
    ) piece
  )
FROM jobs j;

CREATE VIEW authored_jobs (uuid, document) AS
-- Every stored job as the document from which it could be stored: one row per
-- job. INSERT INTO authored_jobs (document) VALUES (...) stores a job, its
-- tasks and their dependencies: section 5 of the specification.
SELECT
  j.uuid,
  (
    SELECT replace(replace(replace(s.text,
      '""1""', j.priority),
      '""2""', CAST(j.settings AS TEXT)),
      '""3""', CAST(j.metadata AS TEXT))
    FROM tablao_job_skeletons s WHERE s.job_id = j.id
  )
    || coalesce(
      (
        SELECT group_concat(piece.text, ',')
        FROM (
          SELECT replace(replace(s.text,
            '""1""', t.priority),
            '""2""', CAST(t.commands AS TEXT)) AS text
          FROM tasks t
          CROSS JOIN tablao_task_skeletons s ON s.task_id = t.id
          WHERE t.job_id = j.id
          ORDER BY t.index_in_job
        ) piece
      ),
      ''
    )
    || ']}'
FROM jobs j;

CREATE TRIGGER authored_jobs_ii INSTEAD OF INSERT ON authored_jobs
BEGIN
  INSERT INTO tablao_unpack (document) VALUES (NEW.document);
  SELECT RAISE(ABORT, 'tablao: authored_jobs.uuid must be the uuid in the document, or be left out')
  WHERE NEW.uuid IS NOT NULL
    AND NEW.uuid IS NOT (SELECT a.uuid FROM tablao_authored_job a);
  INSERT INTO tablao_assert_authoring (problem) VALUES (NULL);
  INSERT INTO tablao_store (job_id) VALUES (NULL);
END;

CREATE VIEW tablao_unpack (document, job_uuid, tasks) AS
-- Takes a document apart: a job (document), or tasks to be added to a stored
-- job (job_uuid, tasks). A member of the wrong JSON type is kept as a BLOB,
-- which is how tablao_authoring_problems tells it.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_ii INSTEAD OF INSERT ON tablao_unpack
BEGIN
  -- Not one INSERT of two rows, which would copy the document into a table.
  INSERT INTO tablao_assert_strict_json (value) VALUES (NEW.document);
  INSERT INTO tablao_assert_strict_json (value) VALUES (NEW.tasks);
  DELETE FROM tablao_authored_job;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
  INSERT INTO tablao_authored_job (
    id, is_adding, is_object, uuid, name, job_type, priority, status, settings, metadata,
    storage_shaman_checkout_id, worker_tag, tasks
  )
  SELECT
    1,
    0,
    coalesce(
      min(typeof(m.key) = 'text'),
      (SELECT t.type = 'object' FROM json_tree(CAST(NEW.document AS TEXT)) t LIMIT 1),
      0
    ),
    coalesce(max(CASE m.key WHEN 'uuid' THEN m.scalar END), (SELECT u.uuid FROM tablao_new_uuid u)),
    max(CASE m.key WHEN 'name' THEN m.scalar END),
    max(CASE m.key WHEN 'job_type' THEN m.scalar END),
    coalesce(max(CASE m.key WHEN 'priority' THEN m.number END), 50),
    coalesce(max(CASE m.key WHEN 'status' THEN m.scalar END), 'under-construction'),
    coalesce(max(CASE m.key WHEN 'settings' THEN m.object END), '{}'),
    coalesce(max(CASE m.key WHEN 'metadata' THEN m.object END), '{}'),
    coalesce(
      max(CASE WHEN m.key = 'storage' AND m.type = 'object' THEN (
        SELECT CASE WHEN n.type IN ('text', 'null') THEN n.value ELSE CAST(n.value AS BLOB) END
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
    END END), '')
  FROM (
    SELECT
      key,
      type,
      value,
      CASE type WHEN 'text' THEN value ELSE CAST(value AS BLOB) END AS scalar,
      CASE WHEN type IN ('integer', 'real') THEN value ELSE CAST(value AS BLOB) END AS number,
      CASE type WHEN 'object' THEN value WHEN 'null' THEN 'null' ELSE CAST(value AS BLOB) END AS object
    FROM json_each(CAST(NEW.document AS TEXT))
  ) m;
  -- An aggregate makes a row of nothing, too.
  DELETE FROM tablao_authored_job WHERE NEW.job_uuid IS NOT NULL;
  INSERT INTO tablao_authored_job (id, is_adding, is_object, job_id, uuid, tasks)
  SELECT
    1,
    1,
    coalesce((SELECT t.type = 'array' FROM json_tree(CAST(NEW.tasks AS TEXT)) t LIMIT 1), 0),
    (SELECT j.id FROM jobs j WHERE j.uuid = NEW.job_uuid),
    NEW.job_uuid,
    ''
  WHERE NEW.job_uuid IS NOT NULL;
  INSERT INTO tablao_unpack_task (number, task, type)
  SELECT t.key + 1, t.value, t.type
  FROM json_each(CAST(NEW.document AS TEXT), '$.tasks') t
  WHERE NEW.job_uuid IS NULL
    AND (SELECT a.is_object AND typeof(a.tasks) = 'text' FROM tablao_authored_job a)
    -- JSON null at the path comes as one row, with the key of its parent.
    AND typeof(t.key) = 'integer';
  INSERT INTO tablao_unpack_task (number, task, type)
  SELECT t.key + 1, t.value, t.type
  FROM json_each(CAST(NEW.tasks AS TEXT)) t
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

-- @own
CREATE VIEW tablao_new_uuid (uuid) AS
-- A new random version 4 UUID: one row. The same as the defaults of the
-- tables, which cannot use a view.
SELECT lower(
  hex(randomblob(4+0)) || '-' || hex(randomblob(2+0)) || '-4'
  || substr(hex(randomblob(2+0)), 2) || '-' || substr('89AB', 1 + (random() & 3), 1)
  || substr(hex(randomblob(2+0)), 2) || '-' || hex(randomblob(6+0))
);

CREATE VIEW tablao_unpack_task (number, task, type) AS
-- Takes one task of a document apart; number counts from 1.
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_task_ii INSTEAD OF INSERT ON tablao_unpack_task
WHEN NEW.type = 'object'
BEGIN
  INSERT INTO tablao_authored_tasks (
    number, uuid, name, type, priority, commands, dependencies, steps_total
  )
  SELECT
    NEW.number, a.uuid, a.name, a.type, a.priority, a.commands, a.dependencies,
    (
      SELECT coalesce(sum(max(1, coalesce((
        SELECT CASE WHEN n.type IN ('integer', 'real') THEN CAST(n.value AS INTEGER) END
        FROM json_each(c.value) n
        WHERE c.type = 'object' AND n.key = 'total_step_count'
      ), 0))), 0)
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
      coalesce(max(CASE m.key WHEN 'dependencies' THEN m.list END), '[]') AS dependencies
    FROM (
      SELECT
        key,
        CASE type WHEN 'text' THEN value ELSE CAST(value AS BLOB) END AS scalar,
        CASE WHEN type IN ('integer', 'real') THEN value ELSE CAST(value AS BLOB) END AS number,
        CASE type WHEN 'array' THEN value WHEN 'null' THEN 'null' ELSE CAST(value AS BLOB) END AS list
      FROM json_each(NEW.task)
    ) m
  ) a;
  INSERT INTO tablao_authored_dependencies (number, dependency_uuid)
  SELECT NEW.number, CASE d.type WHEN 'text' THEN d.value ELSE CAST(d.value AS BLOB) END
  FROM tablao_authored_tasks t
  CROSS JOIN json_each(t.dependencies) d
  WHERE t.number = NEW.number
    AND t.dependencies NOT IN ('[]', 'null') AND typeof(t.dependencies) = 'text';
END;

CREATE TRIGGER tablao_unpack_task_ii_other INSTEAD OF INSERT ON tablao_unpack_task
WHEN NEW.type <> 'object'
BEGIN
  INSERT INTO tablao_authored_tasks (number, name) VALUES (NEW.number, NULL);
END;

-- @own
CREATE VIEW tablao_authoring_problems (problem, offender) AS
-- What is wrong with the document taken apart: one row per problem, with a
-- word for it (the message to it is in tablao_assert_authoring) and the value
-- that offends.
SELECT 'object', CAST(NULL AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND NOT is_object
UNION ALL
SELECT 'tasks array', CAST(NULL AS TEXT)
FROM tablao_authored_job a
WHERE is_adding AND NOT is_object
UNION ALL
SELECT 'no job', CAST(uuid AS TEXT)
FROM tablao_authored_job a
WHERE is_adding AND job_id IS NULL
UNION ALL
SELECT 'name', CAST(name AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND is_object AND (typeof(name) <> 'text' OR name = '')
UNION ALL
SELECT 'job_type', CAST(job_type AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND is_object AND (typeof(job_type) <> 'text' OR job_type = '')
UNION ALL
SELECT 'uuid', CAST(uuid AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND (typeof(uuid) <> 'text' OR uuid = '')
UNION ALL
SELECT 'taken uuid', CAST(uuid AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND uuid IN (SELECT j.uuid FROM jobs j)
UNION ALL
SELECT 'priority', CAST(priority AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding
  AND (typeof(priority) NOT IN ('integer', 'real') OR priority <> CAST(priority AS INTEGER))
UNION ALL
SELECT 'status', CAST(status AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND typeof(status) <> 'text'
UNION ALL
SELECT 'settings', CAST(settings AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND typeof(settings) <> 'text'
UNION ALL
SELECT 'metadata', CAST(metadata AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND typeof(metadata) <> 'text'
UNION ALL
SELECT 'storage', CAST(storage_shaman_checkout_id AS TEXT)
FROM tablao_authored_job a
WHERE NOT is_adding AND typeof(storage_shaman_checkout_id) <> 'text'
UNION ALL
SELECT 'worker_tag', CAST(worker_tag AS TEXT)
FROM tablao_authored_job a
WHERE worker_tag IS NOT NULL AND worker_tag NOT IN (SELECT g.uuid FROM worker_tags g)
UNION ALL
SELECT 'tasks', CAST(tasks AS TEXT)
FROM tablao_authored_job a
WHERE typeof(tasks) <> 'text'
UNION ALL
SELECT 'task name', CAST(coalesce(name, 'task ' || number) AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(name) <> 'text' OR name = ''
UNION ALL
SELECT 'task type', CAST(coalesce(type, name) AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(type) <> 'text' OR type = ''
UNION ALL
SELECT 'task uuid', CAST(uuid AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(uuid) <> 'text' OR uuid = ''
UNION ALL
SELECT 'taken task uuid', CAST(uuid AS TEXT)
FROM tablao_authored_tasks a
WHERE EXISTS (SELECT 1 FROM tasks t WHERE t.uuid = a.uuid)
UNION ALL
SELECT 'repeated task uuid', CAST(uuid AS TEXT)
FROM tablao_authored_tasks a
WHERE EXISTS (
  SELECT 1 FROM tablao_authored_tasks b WHERE b.uuid = a.uuid AND b.number < a.number
)
UNION ALL
SELECT 'task priority', CAST(priority AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(priority) NOT IN ('integer', 'real') OR priority <> CAST(priority AS INTEGER)
UNION ALL
SELECT 'commands', CAST(commands AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(commands) <> 'text'
UNION ALL
SELECT 'dependencies', CAST(dependencies AS TEXT)
FROM tablao_authored_tasks a
WHERE typeof(dependencies) <> 'text'
UNION ALL
SELECT 'dependency', CAST(dependency_uuid AS TEXT)
FROM tablao_authored_dependencies a
WHERE dependency_number IS NULL AND dependency_id IS NULL
UNION ALL
SELECT 'own dependency', CAST(dependency_uuid AS TEXT)
FROM tablao_authored_dependencies a
WHERE dependency_number = number;

CREATE VIEW tablao_assert_authoring (problem) AS
-- Refuses a document that has a problem.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_authoring_ii INSTEAD OF INSERT ON tablao_assert_authoring
BEGIN
  SELECT CASE p.problem
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
    ELSE RAISE(ABORT, 'tablao: authored_jobs.document: a task must not depend on itself')
  END
  FROM tablao_authoring_problems p;
END;

CREATE VIEW tablao_store (job_id) AS
-- Moves the document taken apart, which has no problem, into the tables. Its
-- tasks and dependencies are stored by one statement each, under a row in
-- tablao_bulk that keeps the triggers per row quiet; what those would have
-- kept is computed here.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_store_ii INSTEAD OF INSERT ON tablao_store
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
  UPDATE tablao_authored_job SET
    job_id = (SELECT j.id FROM jobs j WHERE j.uuid = tablao_authored_job.uuid);
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority)
  SELECT DISTINCT a.job_id, t.type, t.priority
  FROM tablao_authored_job a CROSS JOIN tablao_authored_tasks t;
  INSERT INTO tablao_bulk (job_id) SELECT a.job_id FROM tablao_authored_job a;
  INSERT INTO tasks (
    created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
    commands, steps_total, tablao_open_deps, tablao_lane
  )
  SELECT
    c.now,
    c.now,
    t.uuid,
    t.name,
    t.type,
    a.job_id,
    a.last_index + t.number,
    t.priority,
    CASE a.json_storage
      WHEN 'blob' THEN CAST(t.commands AS BLOB) ELSE t.commands
    END,
    t.steps_total,
    CASE t.dependencies
      WHEN '[]' THEN 0
      ELSE (
        SELECT count(DISTINCT d.dependency_number)
        FROM tablao_authored_dependencies d WHERE d.number = t.number
      ) + (
        SELECT count(DISTINCT d.dependency_id)
        FROM tablao_authored_dependencies d
        CROSS JOIN tasks s ON s.id = d.dependency_id
        WHERE d.number = t.number AND s.status <> 'completed'
      )
    END,
    (
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = a.job_id
        AND l.task_type = lower(trim(t.type))
        AND l.task_priority = t.priority
        AND l.failed_by = ''
    )
  FROM (
    SELECT
      j.job_id,
      (SELECT value FROM tablao_settings WHERE name = 'json_storage') AS json_storage,
      (
        SELECT coalesce(max(k.index_in_job), 0) FROM tasks k WHERE k.job_id = j.job_id
      ) AS last_index
    FROM tablao_authored_job j
    LIMIT 1
  ) a
  CROSS JOIN farm_clock c
  CROSS JOIN tablao_authored_tasks t
  ORDER BY t.number;
  -- The new tasks have consecutive indexes, so a number finds its task.
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
  UPDATE tablao_job_counts SET
    num_tasks = num_tasks + (SELECT count(*) FROM tablao_authored_tasks),
    num_queued = num_queued + (SELECT count(*) FROM tablao_authored_tasks)
  WHERE job_id = (SELECT a.job_id FROM tablao_authored_job a);
  INSERT INTO tablao_add_steps (job_id, steps_completed, steps_total, now)
  SELECT
    a.job_id,
    0,
    (SELECT coalesce(sum(t.steps_total), 0) FROM tablao_authored_tasks t),
    (SELECT now FROM farm_clock)
  FROM tablao_authored_job a;
  INSERT INTO tablao_refresh_ready (job_id)
  SELECT a.job_id FROM tablao_authored_job a;
  DELETE FROM tablao_bulk;
  DELETE FROM tablao_authored_job;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
END;
