-- Jobs as documents: docs/documents.md. A document is stored in three steps, so
-- that plain SQL and the functions of the extension share one set of rules:
-- tablao_unpack takes it apart into the tables tablao_authored_*,
-- tablao_authoring_problems says what is wrong with it, tablao_store moves it into
-- the tables. The way out is by tablao_skeletons.

-- 1.

-- tablao_unpack: takes a document apart: a job, or, where there is a job_uuid,
-- an array of tasks to be added to that stored job.
CREATE VIEW tablao_unpack (document, job_uuid) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_insert INSTEAD OF INSERT ON tablao_unpack
-- members lists the types that each may have, what is common first: those of JSON, and
-- two more: `empty` for an empty string, `fraction` for a number that is not whole. A
-- name or a type that is null is missing.
BEGIN
  INSERT INTO tablao_assert_json (value) VALUES (NEW.document);
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
  INSERT INTO tablao_unpack_part (number, uuid, kind, members, fault, document)
  VALUES (
    0,
    NEW.job_uuid,
    '',
    '''uuid'':text ''name'':text ''job_type'':text ''priority'':integer ''status'':text ''settings'':object ''metadata'':object ''storage'':object ''worker_tag'':text ''tasks'':array ''name'':null ''job_type'':null ''uuid'':null ''priority'':real ''priority'':null ''status'':empty ''status'':null ''settings'':null ''metadata'':null ''storage'':null ''worker_tag'':null ''tasks'':null',
    CASE
      WHEN (
        ltrim(CAST(NEW.document AS TEXT), char(65279, 9, 10, 13, 32))
          GLOB CASE WHEN NEW.job_uuid IS NULL THEN '{*' ELSE '[[]*' END
      ) IS NOT TRUE
      THEN CASE WHEN NEW.job_uuid IS NULL THEN 'object ' ELSE 'array ' END
    END,
    CASE WHEN NEW.job_uuid IS NULL THEN ltrim(CAST(NEW.document AS TEXT), char(65279)) END
  );
  INSERT INTO tablao_unpack_part (number, kind, members, document)
  SELECT
    t.key + 1,
    'task_',
    '''uuid'':text ''name'':text ''type'':text ''priority'':integer ''commands'':array ''dependencies'':array ''name'':null ''type'':null ''uuid'':null ''priority'':real ''priority'':null ''commands'':null ''dependencies'':null',
    CASE t.type WHEN 'object' THEN t.value END
  FROM tablao_authored_tasks p
  -- An array of tasks is the document itself.
  CROSS JOIN json_each(ltrim(CAST(NEW.document AS TEXT), char(65279)), coalesce(p.dependencies, '$')) t
  -- Numbers come before texts, which are the keys where there is no array.
  WHERE p.number = 0 AND p.fault IS NULL AND t.key < '';
  INSERT INTO tablao_authored_dependencies (number, dependency_uuid, dependency_number)
  SELECT
    a.number,
    n.value,
    p.number
  FROM tablao_authored_tasks a
  CROSS JOIN json_each(a.dependencies) n
  -- An array or an object has no atom, and a number is no uuid.
  LEFT JOIN tablao_authored_tasks p ON p.uuid = n.atom AND p.number > 0
  WHERE a.number > 0 AND a.fault IS NULL AND a.dependencies <> '[]';
END;

-- tablao_unpack_part: takes a job (number 0) or a task (from 1 on) of a document
-- apart.
-- uuid: of a job that is stored already.
-- kind: what the words for its faults begin with. members: those that it may have.
-- document: NULL if it is no object.
CREATE VIEW tablao_unpack_part (number, uuid, kind, members, fault, document) AS
SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_unpack_part_insert INSTEAD OF INSERT ON tablao_unpack_part
BEGIN
  -- All columns, and in the order of the table: of any others SQLite makes copies.
  INSERT INTO tablao_authored_tasks (
    number, uuid, name, type, priority, commands, dependencies, steps_total,
    fault, status, metadata, storage, worker_tag
  )
  SELECT
    NEW.number,
    -- As the default of the tables has it: random, version 4; +4 where that has 4+0,
    -- since it costs less.
    coalesce(NEW.uuid, a.uuid, lower(printf('%s-%s-4%.3s-%x%.3s-%s',
      hex(randomblob(+4)), hex(randomblob(+2)), hex(randomblob(+2)),
      8 + (random() & 3), hex(randomblob(+2)), hex(randomblob(+6))
    ))),
    a.name, a.type, coalesce(a.priority, 50), a.commands, a.dependencies,
    -- One for each command, and what is above one of its total_step_count, if that is a
    -- number: these come before 1e999, which is infinity, and texts behind it. printf()
    -- tells a member of the command from one of what is in it. Anything above 2^53 is
    -- refused later, and must not overflow here.
    coalesce((
      SELECT sum(CASE
        WHEN n.parent = 0 THEN 1
        WHEN n.key = 'total_step_count' AND n.value BETWEEN 2 AND 1e999
          AND n.path = printf('$[%d]', substr(n.path, 3))
        THEN min(9007199254740992, CAST(n.value AS INTEGER) - 1)
      END)
      FROM json_tree(CASE WHEN NEW.number AND a.fault IS NULL THEN a.commands END) n
    ), 0),
    coalesce(
      NEW.fault,
      a.fault,
      -- An escape like \ude00 without its other half SQLite turns into bytes that are
      -- not UTF-8. It reads them, and few other bytes, as U+FFFD. It cuts a string at a
      -- zero byte, so \u0000 is replaced by U+FDD0, which no text should have; in
      -- dependencies it is looked for in the text.
      CASE WHEN NEW.document GLOB '*\u[0dD]*' THEN (
        SELECT printf('zero %s', a.uuid)
        FROM json_each(replace(NEW.document, '\u0000', '\ufdd0')) n
        WHERE replace(replace(replace(printf('%s%s', n.key, coalesce(n.atom, a.storage)),
            char(65533), ''), char(65534), ''), char(65535), '') GLOB printf('*[%s]*', char(65533, 64976))
          OR instr(replace(a.dependencies, '\\', ''), '\u0000')
      ) END,
      CASE
        WHEN NEW.uuid IS NOT NULL THEN NULL
        WHEN a.name IS NULL THEN CASE WHEN NEW.number THEN 'task_name task ' || NEW.number ELSE 'name ' END
        WHEN a.type IS NULL THEN CASE WHEN NEW.number THEN 'task_type ' || a.name ELSE 'job_type ' END
        WHEN g.id IS NULL THEN 'worker_tag ' || a.worker_tag
      END
    ),
    a.status, a.metadata, a.storage, g.id
  FROM (
    -- instr() costs less than two comparisons. What else it finds is no member of either.
    SELECT
      max(m.value) FILTER (WHERE m.key = 'uuid') AS uuid,
      max(m.value) FILTER (WHERE m.key = 'name') AS name,
      max(m.value) FILTER (WHERE instr('job_type', m.key)) AS type,
      max(m.value) FILTER (WHERE m.key = 'priority') AS priority,
      -- A comparison takes a hundredth of the time that a task does: one is spared.
      max(m.value) FILTER (WHERE NOT NEW.number AND m.key = 'status') AS status,
      max(coalesce(m.value, 'null')) FILTER (WHERE m.key = 'metadata') AS metadata,
      max(m.value) FILTER (WHERE m.key = 'storage') AS storage,
      max(m.value) FILTER (WHERE m.key = 'worker_tag') AS worker_tag,
      max(m.value) FILTER (WHERE instr('dependencies tasks', m.key)) AS dependencies,
      max(coalesce(m.value, 'null')) FILTER (WHERE instr('commands settings', m.key)) AS commands,
      min(printf(
        CASE WHEN instr(NEW.members, m.member) THEN '%s%s %s' ELSE '%sstranger %s' END,
        NEW.kind, m.key, m.value
      )) FILTER (WHERE NOT instr(NEW.members, m.member || CASE
        -- No column takes -2^63 for whole.
        WHEN instr('real blob', typeof(m.value)) AND m.value <> max(CAST(m.value AS INTEGER), -9223372036854775807)
        THEN 'fraction'
        ELSE m.type
      END)) AS fault
    -- LIMIT keeps SQLite from asking JSON for the same value time and again.
    FROM (
      -- Empty is what the document says: the value of a storage is its shaman_checkout_id.
      SELECT j.key, CASE j.atom WHEN '' THEN 'empty' ELSE j.type END AS type, quote(j.key) || ':' AS member, CASE j.key || j.type
        -- Where they are: older versions of SQLite do not find a member whose name has
        -- escapes.
        WHEN 'tasksarray' THEN j.fullkey
        -- Only this member of storage is kept; as a BLOB if it is wrong.
        WHEN 'storageobject' THEN (
          SELECT CASE
            WHEN n.type = 'text' AND NOT instr(replace(j.value, '\\', ''), '\u0000') THEN n.value
            ELSE CAST(n.value AS BLOB)
          END
          FROM json_each(j.value) n
          WHERE n.key = 'shaman_checkout_id'
        )
        ELSE j.value
      END AS value
      FROM json_each(NEW.document) j
      LIMIT -1
    ) m
  ) a
  LEFT JOIN worker_tags g ON g.uuid = a.worker_tag;
END;

-- 2.

-- tablao_authoring_problems: what is wrong with the unpacked document: one row for
-- the job and for each task and dependency that has a problem, with a word for its
-- first problem, a blank behind it (tablao_store has the message), and the value that
-- is to blame.
-- The +: of columns with different affinities SQLite would make copies.
CREATE VIEW tablao_authoring_problems (problem, offender) AS
SELECT
  coalesce(substr(fault, 1, instr(fault, ' ')), 'steps '),
  coalesce(substr(fault, instr(fault, ' ') + 1), name)
FROM tablao_authored_tasks
WHERE fault IS NOT NULL OR steps_total > 9007199254740992
UNION ALL
SELECT 'taken ', +j.uuid
FROM tablao_authored_tasks a CROSS JOIN jobs j ON j.uuid = a.uuid
WHERE a.number = 0 AND a.type IS NOT NULL
UNION ALL
SELECT 'task_taken ', +t.uuid
FROM tablao_authored_tasks a CROSS JOIN tasks t ON t.uuid = a.uuid
WHERE a.number > 0
UNION ALL
SELECT 'repeated ', +a.uuid
FROM tablao_authored_tasks a
CROSS JOIN tablao_authored_tasks b ON b.uuid = a.uuid AND b.number > 0 AND b.number < a.number
UNION ALL
SELECT
  CASE WHEN d.dependency_number THEN 'own_dependency ' ELSE 'dependency ' END,
  +d.dependency_uuid
FROM tablao_authored_dependencies d
WHERE d.dependency_number = d.number
  OR (
    d.dependency_number IS NULL
    AND NOT EXISTS (
      SELECT 1
      FROM tablao_authored_tasks p
      CROSS JOIN jobs j ON j.uuid = p.uuid
      CROSS JOIN tasks t ON t.uuid = d.dependency_uuid AND t.job_id = j.id
      WHERE p.number = 0
    )
  );

-- 3.

-- tablao_store: refuses the unpacked document if it has a problem, else moves it into
-- the tables. job_id is not used: a view must have a column.
CREATE VIEW tablao_store (job_id) AS
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_store_insert INSTEAD OF INSERT ON tablao_store
BEGIN
  -- As one value: with the view in FROM, SQLite would compile all of this CASE once
  -- per arm of the view.
  SELECT CASE (SELECT p.problem FROM tablao_authoring_problems p)
    WHEN 'object '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document must be a JSON object')
    WHEN 'array '
    THEN RAISE(ABORT, 'tablao: store_authored_tasks: the tasks must be a JSON array')
    WHEN 'name '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job needs a name, a string that is not empty')
    WHEN 'job_type '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job needs a job_type, a string that is not empty')
    WHEN 'uuid '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: uuid must be a string that is not empty, or be left out')
    WHEN 'taken '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: uuid must be that of no stored job')
    WHEN 'priority '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: priority must be a whole number')
    WHEN 'status '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: status must be a string, the status of a job')
    WHEN 'settings '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: settings must be an object or null')
    WHEN 'metadata '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: metadata must be an object or null')
    WHEN 'storage '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: storage must be an object whose shaman_checkout_id is a string')
    WHEN 'worker_tag '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: worker_tag must be null or the uuid of a worker tag')
    WHEN 'tasks '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: tasks must be an array')
    WHEN 'task_name '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: every task must be an object with a name, a string that is not empty')
    WHEN 'task_type '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: every task needs a type, a string that is not empty')
    WHEN 'task_uuid '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must be a string that is not empty, or be left out')
    WHEN 'task_taken '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must be that of no stored task')
    WHEN 'repeated '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the uuid of a task must not stand twice in a document')
    WHEN 'task_priority '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the priority of a task must be a whole number')
    WHEN 'task_commands '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the commands of a task must be an array or null')
    WHEN 'task_dependencies '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the dependencies of a task must be an array of uuids')
    WHEN 'dependency '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a dependency must be the uuid of a task of the same job')
    WHEN 'own_dependency '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a task must not depend on itself')
    WHEN 'stranger '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a job has uuid, name, job_type, priority, status, settings, metadata, storage, worker_tag and tasks, and no other member')
    WHEN 'task_stranger '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: a task has uuid, name, type, priority, commands and dependencies, and no other member')
    WHEN 'zero '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: names, types, uuids and the shaman_checkout_id must not contain a zero byte or half of a pair like \ud83d\ude00')
    WHEN 'steps '
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the steps of a task must not pass 2^53')
  END;
  INSERT INTO jobs (
    uuid, name, job_type, priority, status, settings, metadata,
    storage_shaman_checkout_id, worker_tag_id
  )
  SELECT
    p.uuid, p.name, p.type, p.priority,
    coalesce(p.status, 'under-construction'),
    coalesce(p.commands, '{}'), coalesce(p.metadata, '{}'),
    coalesce(p.storage, ''),
    p.worker_tag
  FROM tablao_authored_tasks p
  -- When tasks are added to a stored job, nothing but its uuid is there.
  WHERE p.number = 0 AND p.type IS NOT NULL;
  INSERT INTO tablao_store_tasks (job_id, now, first_index, num_tasks, steps_total)
  SELECT
    coalesce(j.id, RAISE(ABORT, 'tablao: store_authored_tasks: the job uuid must be that of a stored job')),
    c.now,
    coalesce((SELECT t.index_in_job FROM tasks t WHERE t.job_id = j.id ORDER BY t.index_in_job DESC), 0),
    count(*) - 1,
    sum(p.steps_total)
  FROM farm_clock c
  CROSS JOIN tablao_authored_tasks o
  CROSS JOIN jobs j ON j.uuid = o.uuid
  CROSS JOIN tablao_authored_tasks p
  WHERE o.number = 0;
  DELETE FROM tablao_authored_tasks;
  DELETE FROM tablao_authored_dependencies;
END;

-- tablao_store_tasks: stores the tasks by one statement, as rows that are counted
-- already (tablao_rev is 1), and the dependencies by another, of tasks that wait for -1:
-- that keeps the triggers on each row quiet. What those would have kept is computed here.
CREATE VIEW tablao_store_tasks (job_id, now, first_index, num_tasks, steps_total) AS
SELECT NULL, NULL, NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_store_tasks_insert INSTEAD OF INSERT ON tablao_store_tasks
BEGIN
  INSERT INTO tablao_storing (job_id, last_index)
  VALUES (NEW.job_id, CASE
    WHEN NEW.first_index + NEW.num_tasks > 9223372036854775807
    THEN RAISE(ABORT, 'tablao: authored_jobs.document: the job has no index_in_job left for its tasks')
    ELSE NEW.first_index + NEW.num_tasks
  END);
  INSERT INTO tablao_new_lanes (job_id, task_type, task_priority, n)
  SELECT NEW.job_id, type, priority, count(*)
  FROM tablao_authored_tasks
  WHERE number > 0
  GROUP BY type, priority;
  INSERT INTO tablao_counts (job_id, num_tasks, num_queued, steps_total)
  SELECT id, NEW.num_tasks, NEW.num_tasks, NEW.steps_total FROM jobs WHERE id = NEW.job_id
  ON CONFLICT DO UPDATE SET
    num_tasks = num_tasks + NEW.num_tasks,
    num_queued = num_queued + NEW.num_tasks,
    steps_total = steps_total + NEW.steps_total;
  SELECT RAISE(ABORT, 'tablao: authored_jobs.document: the steps of a job must not pass 2^53')
  FROM tablao_counts WHERE job_id = NEW.job_id AND steps_total > 9007199254740992;
  INSERT INTO tasks (
    created_at, updated_at, uuid, name, type, job_id, index_in_job, priority,
    commands, steps_total, tablao_rev, tablao_open_deps, tablao_lane
  )
  SELECT
    NEW.now,
    NEW.now,
    p.uuid,
    p.name,
    p.type,
    NEW.job_id,
    NEW.first_index + p.number,
    p.priority,
    coalesce(p.commands, '[]'),
    p.steps_total,
    1,
    -- -1, for a task that has no id yet, until the dependencies are stored. In a job
    -- that has had tasks, too, so that workers that have failed these look again.
    CASE WHEN NEW.first_index OR p.dependencies <> '[]' THEN -1 ELSE 0 END,
    (
      SELECT l.id FROM tablao_lanes l
      WHERE l.job_id = NEW.job_id
        AND l.task_type = lower(trim(p.type, char(9, 10, 13, 32)))
        AND l.task_priority = p.priority
    )
  FROM tablao_authored_tasks p
  WHERE p.number > 0
  ORDER BY p.number;
  INSERT INTO task_dependencies (task_id, dependency_id)
  SELECT t.id, o.id
  FROM tablao_authored_dependencies d
  CROSS JOIN tablao_authored_tasks p ON p.number = d.number
  -- By their uuids; or by their places, where a user's trigger has changed these.
  -- NOT INDEXED: of a farm that had one task when somebody ran ANALYZE, SQLite would
  -- look through an index of all tasks for each.
  CROSS JOIN tasks t NOT INDEXED ON t.id = (
    SELECT a.id FROM tasks a WHERE a.uuid = p.uuid
    UNION ALL
    SELECT a.id FROM tasks a WHERE a.job_id = NEW.job_id AND a.index_in_job = NEW.first_index + d.number
  )
  CROSS JOIN tasks o NOT INDEXED ON o.id = (
    SELECT a.id FROM tasks a WHERE a.uuid = d.dependency_uuid
    UNION ALL
    SELECT a.id FROM tasks a WHERE a.job_id = NEW.job_id AND a.index_in_job = NEW.first_index + d.dependency_number
  )
  WHERE true
  ORDER BY d.rowid
  ON CONFLICT DO NOTHING;
  DELETE FROM tablao_storing;
  -- What waits for -1; and, as a user's trigger may have added dependencies, what has
  -- some and waits for none. And all whose lane says that it has no ready task: the
  -- trigger on what tablao_wait writes sees to that. A new lane says that it has.
  INSERT INTO tablao_wait (task_id, waits_for)
  SELECT t.id, t.tablao_open_deps
  FROM tasks t CROSS JOIN tablao_lanes l ON l.id = t.tablao_lane
  WHERE likelihood(t.job_id = NEW.job_id, 0.2)
    AND (
      NOT l.has_ready
      OR (t.tablao_open_deps < 1 AND (t.tablao_open_deps OR t.id IN (SELECT task_id FROM task_dependencies)))
    );
  -- As with INSERT INTO tasks: if the sums stay, the job is not stamped.
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.job_id, 0);
  INSERT INTO tablao_sums (job_id, n) VALUES (NEW.job_id, 0);
END;

-- The way out ---------------------------------------------------------------

-- tablao_skeletons: the text of a job up to its tasks (kind 'job'), or of a task (kind
-- 'task'), in an authored_jobs document. What is JSON already is left out: ""1"",
-- ""2"" and ""3"", which valid JSON cannot hold, stand for the priority and for
-- settings and metadata, or commands. SQLite's scalar JSON functions may not stand in
-- a schema, so strings are escaped by hand: backslashes and quotes one by one, and
-- then the control characters, which are rare, in the whole text at once.
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
            SELECT (SELECT p.uuid FROM tasks p WHERE p.id = n.dependency_id) AS uuid
            FROM task_dependencies n
            WHERE likelihood(n.task_id = t.id, 1e-5)
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
