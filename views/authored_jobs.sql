-- A job's document goes in in three steps, so that plain SQL and the functions
-- of the extension share one set of rules: tablao_unpack takes it apart into
-- the tables tablao_authored_*, tablao_authoring_problems says what is wrong
-- with it, tablao_store moves it into the tables.

CREATE VIEW tablao_json_strings (kind, id, position, text) AS
-- The strings of an authored_jobs document, escaped for JSON: one row per job
-- (kind 'job'), per task ('task') and dependency ('dependency') with, at each
-- position, the member name and its value. Without SQLite's scalar JSON
-- functions, which may not stand in a schema, a string is escaped by hand;
-- here, once.
SELECT kind, id, position, member || '"' || CASE
  WHEN v.plain GLOB '*[' || char(1) || '-' || char(31) || ']*' THEN (
    -- In three steps: SQLite's parser does not nest 31 calls.
    SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(v3.s,
    char(23), '\u0017'), char(24), '\u0018'), char(25), '\u0019'),
    char(26), '\u001a'), char(27), '\u001b'), char(28), '\u001c'),
    char(29), '\u001d'), char(30), '\u001e'), char(31), '\u001f')
    FROM (
      SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(v2.s,
    char(12), '\f'), char(13), '\r'), char(14), '\u000e'),
    char(15), '\u000f'), char(16), '\u0010'), char(17), '\u0011'),
    char(18), '\u0012'), char(19), '\u0013'), char(20), '\u0014'),
    char(21), '\u0015'), char(22), '\u0016') AS s
      FROM (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(v.plain,
    char(1), '\u0001'), char(2), '\u0002'), char(3), '\u0003'),
    char(4), '\u0004'), char(5), '\u0005'), char(6), '\u0006'),
    char(7), '\u0007'), char(8), '\b'), char(9), '\t'), char(10), '\n'),
    char(11), '\u000b') AS s
      ) v2
    ) v3
  )
  ELSE v.plain
END || '"'
FROM (
  SELECT kind, id, position, member, replace(replace(value, '\', '\\'), '"', '\"') AS plain
  FROM (
    SELECT 'job' AS kind, id, 1 AS position, '"uuid":' AS member, uuid AS value FROM jobs
    UNION ALL
    SELECT 'job', id, 2, '"name":', name FROM jobs
    UNION ALL
    SELECT 'job', id, 3, '"job_type":', job_type FROM jobs
    UNION ALL
    SELECT 'job', id, 4, '"status":', status FROM jobs
    UNION ALL
    SELECT 'job', id, 5, '"shaman_checkout_id":', storage_shaman_checkout_id FROM jobs
    UNION ALL
    SELECT 'job', j.id, 6, '"worker_tag":', g.uuid
    FROM jobs j JOIN worker_tags g ON g.id = j.worker_tag_id
    UNION ALL
    SELECT 'task', id, 1, '"uuid":', uuid FROM tasks
    UNION ALL
    SELECT 'task', id, 2, '"name":', name FROM tasks
    UNION ALL
    SELECT 'task', id, 3, '"type":', type FROM tasks
    UNION ALL
    SELECT 'dependency', d.task_id, d.rowid, '', t.uuid
    FROM task_dependencies d JOIN tasks t ON t.id = d.dependency_id
  )
) v;

CREATE VIEW authored_jobs (uuid, document) AS
-- Every stored job as the document from which it could be stored: one row per
-- job. INSERT INTO authored_jobs (document) VALUES (...) stores a job, its
-- tasks and their dependencies: section 5 of the specification.
SELECT
  j.uuid,
  '{' || (
      SELECT group_concat(s.text, ',') FROM (
        SELECT text FROM tablao_json_strings
        WHERE kind = 'job' AND id = j.id AND position <= 3 ORDER BY position
      ) s
    )
    || ',"priority":' || j.priority
    || ',' || (
      SELECT s.text FROM tablao_json_strings s
      WHERE s.kind = 'job' AND s.id = j.id AND s.position = 4
    )
    || ',"settings":' || CAST(j.settings AS TEXT)
    || ',"metadata":' || CAST(j.metadata AS TEXT)
    || ',"storage":{' || (
      SELECT s.text FROM tablao_json_strings s
      WHERE s.kind = 'job' AND s.id = j.id AND s.position = 5
    )
    || '},' || coalesce(
      (
        SELECT s.text FROM tablao_json_strings s
        WHERE s.kind = 'job' AND s.id = j.id AND s.position = 6
      ),
      '"worker_tag":null'
    )
    || ',"tasks":[' || coalesce(
      (
        SELECT group_concat(k.text, ',')
        FROM (
          SELECT
            '{' || (
                SELECT group_concat(s.text, ',') FROM (
                  SELECT text FROM tablao_json_strings
                  WHERE kind = 'task' AND id = t.id ORDER BY position
                ) s
              )
              || ',"priority":' || t.priority
              || ',"commands":' || CAST(t.commands AS TEXT)
              || ',"dependencies":[' || coalesce(
                (
                  SELECT group_concat(s.text, ',') FROM (
                    SELECT text FROM tablao_json_strings
                    WHERE kind = 'dependency' AND id = t.id ORDER BY position
                  ) s
                ),
                ''
              )
              || ']}' AS text
          FROM tasks t
          WHERE t.job_id = j.id
          ORDER BY t.index_in_job
        ) k
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
    number, uuid, name, type, priority, commands, dependencies
  )
  SELECT
    NEW.number,
    coalesce(max(CASE m.key WHEN 'uuid' THEN m.scalar END), (SELECT u.uuid FROM tablao_new_uuid u)),
    max(CASE m.key WHEN 'name' THEN m.scalar END),
    max(CASE m.key WHEN 'type' THEN m.scalar END),
    coalesce(max(CASE m.key WHEN 'priority' THEN m.number END), 50),
    coalesce(max(CASE m.key WHEN 'commands' THEN m.list END), '[]'),
    coalesce(max(CASE m.key WHEN 'dependencies' THEN m.list END), '[]')
  FROM (
    SELECT
      key,
      CASE type WHEN 'text' THEN value ELSE CAST(value AS BLOB) END AS scalar,
      CASE WHEN type IN ('integer', 'real') THEN value ELSE CAST(value AS BLOB) END AS number,
      CASE type WHEN 'array' THEN value WHEN 'null' THEN 'null' ELSE CAST(value AS BLOB) END AS list
    FROM json_each(NEW.task)
  ) m;
  UPDATE tablao_authored_tasks SET steps_total = (
    SELECT coalesce(sum(max(1, coalesce((
      SELECT CASE WHEN n.type IN ('integer', 'real') THEN CAST(n.value AS INTEGER) END
      FROM json_each(c.value) n
      WHERE c.type = 'object' AND n.key = 'total_step_count'
    ), 0))), 0)
    FROM json_each(commands) c
  )
  WHERE number = NEW.number AND commands NOT IN ('[]', 'null') AND typeof(commands) = 'text';
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
  INSERT INTO tablao_add_steps (job_id, steps_completed, steps_total)
  SELECT a.job_id, 0, (SELECT coalesce(sum(t.steps_total), 0) FROM tablao_authored_tasks t)
  FROM tablao_authored_job a;
  INSERT INTO tablao_refresh_ready (job_id)
  SELECT a.job_id FROM tablao_authored_job a;
  DELETE FROM tablao_bulk;
  DELETE FROM tablao_authored_job;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
END;
