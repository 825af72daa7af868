-- What the rows of a Flamenco database may not be if it is to become a farm,
-- as far as Tablao's keys forbid it. Each statement gives (kind, object,
-- message). The rules of triggers are asked by ext/adopt_vtab.c; those that
-- neither keys nor triggers see to are in the view tablao_row_problems.

-- NULL. Some columns have a value that says the same, see adopt_copy.sql.
SELECT 'null', 'worker_tags ' || coalesce(id, '-'), substr(v.list, 3) || ' must not be NULL'
FROM (
  SELECT id,
    iif(id IS NULL, ', id', '')
    || iif(created_at IS NULL, ', created_at', '')
    || iif(uuid IS NULL, ', uuid', '')
    || iif(name IS NULL, ', name', '') AS list
  FROM main.worker_tags
) v
WHERE v.list <> '';

SELECT 'null', 'jobs ' || coalesce(id, '-'), substr(v.list, 3) || ' must not be NULL'
FROM (
  SELECT id,
    iif(id IS NULL, ', id', '')
    || iif(created_at IS NULL, ', created_at', '')
    || iif(uuid IS NULL, ', uuid', '')
    || iif(name IS NULL, ', name', '')
    || iif(job_type IS NULL, ', job_type', '')
    || iif(status IS NULL, ', status', '') AS list
  FROM main.jobs
) v
WHERE v.list <> '';

SELECT 'null', 'workers ' || coalesce(id, '-'), substr(v.list, 3) || ' must not be NULL'
FROM (
  SELECT id,
    iif(id IS NULL, ', id', '')
    || iif(created_at IS NULL, ', created_at', '')
    || iif(uuid IS NULL, ', uuid', '')
    || iif(name IS NULL, ', name', '')
    || iif(status IS NULL, ', status', '') AS list
  FROM main.workers
) v
WHERE v.list <> '';

SELECT 'null', 'tasks ' || coalesce(id, '-'), substr(v.list, 3) || ' must not be NULL'
FROM (
  SELECT id,
    iif(id IS NULL, ', id', '')
    || iif(created_at IS NULL, ', created_at', '')
    || iif(uuid IS NULL, ', uuid', '')
    || iif(name IS NULL, ', name', '')
    || iif(type IS NULL, ', type', '')
    || iif(job_id IS NULL, ', job_id', '')
    || iif(index_in_job IS NULL, ', index_in_job', '')
    || iif(status IS NULL, ', status', '') AS list
  FROM main.tasks
) v
WHERE v.list <> '';

SELECT 'null', 'task_dependencies ' || coalesce(task_id, '-') || ' ' || coalesce(dependency_id, '-'),
  'task_id and dependency_id must not be NULL'
FROM main.task_dependencies
WHERE task_id IS NULL OR dependency_id IS NULL;

SELECT 'null', 'task_failures ' || coalesce(task_id, '-') || ' ' || coalesce(worker_id, '-'),
  'created_at, task_id and worker_id must not be NULL'
FROM main.task_failures
WHERE created_at IS NULL OR task_id IS NULL OR worker_id IS NULL;

SELECT 'null', 'job_blocks ' || coalesce(id, '-'),
  'id, created_at, job_id, worker_id and task_type must not be NULL'
FROM main.job_blocks
WHERE id IS NULL OR created_at IS NULL OR job_id IS NULL OR worker_id IS NULL
  OR task_type IS NULL;

SELECT 'null', 'last_rendereds ' || coalesce(id, '-'), 'id, created_at and job_id must not be NULL'
FROM main.last_rendereds
WHERE id IS NULL OR created_at IS NULL OR job_id IS NULL;

SELECT 'null', 'worker_tag_membership ' || coalesce(worker_tag_id, '-') || ' ' || coalesce(worker_id, '-'),
  'worker_tag_id and worker_id must not be NULL'
FROM main.worker_tag_membership
WHERE worker_tag_id IS NULL OR worker_id IS NULL;

SELECT 'null', 'sleep_schedules ' || coalesce(id, '-'), 'id, created_at and worker_id must not be NULL'
FROM main.sleep_schedules
WHERE id IS NULL OR created_at IS NULL OR worker_id IS NULL;

-- Only where it is not the rowid can an id be something else than a number.
SELECT 'id', v.table_name || ' ' || v.id, 'id must be a whole number from 1'
FROM (
  SELECT 'worker_tags' AS table_name, id FROM main.worker_tags
  UNION ALL SELECT 'jobs', id FROM main.jobs
  UNION ALL SELECT 'workers', id FROM main.workers
  UNION ALL SELECT 'tasks', id FROM main.tasks
  UNION ALL SELECT 'job_blocks', id FROM main.job_blocks
  UNION ALL SELECT 'last_rendereds', id FROM main.last_rendereds
  UNION ALL SELECT 'sleep_schedules', id FROM main.sleep_schedules
) v
WHERE typeof(v.id) NOT IN ('integer', 'null') OR v.id < 1;

-- Two rows with one key: only where the database has lost its own.
SELECT 'duplicate', 'worker_tags ' || id, 'its ' || v.key || ' is that of another row'
FROM main.worker_tags t
JOIN (
  SELECT 'id' AS key UNION ALL SELECT 'uuid' UNION ALL SELECT 'name'
) v
WHERE (v.key = 'id' AND id IN (SELECT id FROM main.worker_tags GROUP BY id HAVING count(*) > 1))
  OR (v.key = 'uuid' AND uuid IN (SELECT uuid FROM main.worker_tags GROUP BY uuid HAVING count(*) > 1))
  OR (v.key = 'name' AND name IN (SELECT name FROM main.worker_tags GROUP BY name HAVING count(*) > 1));

SELECT 'duplicate', 'jobs ' || id, 'its id is that of another row'
FROM main.jobs
WHERE id IN (SELECT id FROM main.jobs GROUP BY id HAVING count(*) > 1);

SELECT 'duplicate', 'jobs ' || id, 'its uuid is that of another row'
FROM main.jobs
WHERE uuid IN (SELECT uuid FROM main.jobs GROUP BY uuid HAVING count(*) > 1);

SELECT 'duplicate', 'workers ' || id, 'its id is that of another row'
FROM main.workers
WHERE id IN (SELECT id FROM main.workers GROUP BY id HAVING count(*) > 1);

SELECT 'duplicate', 'workers ' || id, 'its uuid is that of another row'
FROM main.workers
WHERE uuid IN (SELECT uuid FROM main.workers GROUP BY uuid HAVING count(*) > 1);

SELECT 'duplicate', 'tasks ' || id, 'its id is that of another row'
FROM main.tasks
WHERE id IN (SELECT id FROM main.tasks GROUP BY id HAVING count(*) > 1);

SELECT 'duplicate', 'tasks ' || id, 'its uuid is that of another row'
FROM main.tasks
WHERE uuid IN (SELECT uuid FROM main.tasks GROUP BY uuid HAVING count(*) > 1);

SELECT 'duplicate', 'tasks ' || id, 'its job_id and index_in_job are those of another row'
FROM main.tasks
WHERE (job_id, index_in_job) IN (
  SELECT job_id, index_in_job FROM main.tasks
  GROUP BY job_id, index_in_job HAVING count(*) > 1
);

SELECT 'duplicate', 'task_dependencies ' || task_id || ' ' || dependency_id, 'there are ' || count(*) || ' of it'
FROM main.task_dependencies
GROUP BY task_id, dependency_id HAVING count(*) > 1;

SELECT 'duplicate', 'task_failures ' || task_id || ' ' || worker_id, 'there are ' || count(*) || ' of it'
FROM main.task_failures
GROUP BY task_id, worker_id HAVING count(*) > 1;

SELECT 'duplicate', 'job_blocks ' || id, 'its job_id, worker_id and task_type are those of another row'
FROM main.job_blocks
WHERE (job_id, worker_id, task_type) IN (
  SELECT job_id, worker_id, task_type FROM main.job_blocks
  GROUP BY job_id, worker_id, task_type HAVING count(*) > 1
);

SELECT 'duplicate', 'worker_tag_membership ' || worker_tag_id || ' ' || worker_id, 'there are ' || count(*) || ' of it'
FROM main.worker_tag_membership
GROUP BY worker_tag_id, worker_id HAVING count(*) > 1;

SELECT 'duplicate', 'sleep_schedules ' || id, 'its worker_id is that of another row'
FROM main.sleep_schedules
WHERE worker_id IN (
  SELECT worker_id FROM main.sleep_schedules
  GROUP BY worker_id HAVING count(*) > 1
);

-- The studio's own tables: foreign_key_check is to be clean.
SELECT 'orphan', k."table" || ' ' || coalesce(k.rowid, '-'), 'it refers to a row of ' || k.parent || ' that does not exist'
FROM pragma_foreign_key_check(NULL, 'main') k
WHERE lower(k."table") NOT IN (
  'worker_tags', 'jobs', 'workers', 'tasks', 'task_dependencies',
  'task_failures', 'job_blocks', 'last_rendereds', 'worker_tag_membership',
  'sleep_schedules'
);
