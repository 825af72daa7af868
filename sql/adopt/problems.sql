-- What prevents taking over a database of Flamenco's, as far as the rules on a single
-- row cannot tell (ext/adopt_vtab.c asks those). Each statement gives (kind, object,
-- message). What no key enforces is in the view tablao_row_problems.

-- An id can only be something else than a number if it is not the rowid.
SELECT 'id', v.table_name || ' ' || coalesce(v.id, '-'), 'id must be a whole number from 1'
FROM (
  SELECT 'worker_tags' AS table_name, id FROM main.worker_tags
  UNION ALL SELECT 'jobs', id FROM main.jobs
  UNION ALL SELECT 'workers', id FROM main.workers
  UNION ALL SELECT 'tasks', id FROM main.tasks
  UNION ALL SELECT 'job_blocks', id FROM main.job_blocks
  UNION ALL SELECT 'last_rendereds', id FROM main.last_rendereds
  UNION ALL SELECT 'sleep_schedules', id FROM main.sleep_schedules
) v
WHERE typeof(v.id) <> 'integer' OR v.id < 1;

-- Two rows with the same key: only if the database has lost its own unique keys.
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

-- The sum is made in halves, since sum() of large numbers may overflow. Numbers that are
-- wrong by themselves are reported with their row.
SELECT 'value', 'jobs ' || coalesce(job_id, '-'), 'the sum of steps_total over its tasks must not pass 2^53'
FROM main.tasks
WHERE typeof(steps_total) = 'integer' AND steps_total BETWEEN 0 AND 9007199254740992
GROUP BY job_id
HAVING sum(steps_total >> 20) + (sum(steps_total & 1048575) + 1048575 >> 20) > 8589934592;

-- The studio's own tables: foreign_key_check is to be clean.
SELECT 'orphan', k."table" || ' ' || coalesce(k.rowid, '-'), 'it refers to a row of ' || k.parent || ' that does not exist'
FROM pragma_foreign_key_check(NULL, 'main') k
WHERE lower(k."table") NOT IN (
  'worker_tags', 'jobs', 'workers', 'tasks', 'task_dependencies',
  'task_failures', 'job_blocks', 'last_rendereds', 'worker_tag_membership',
  'sleep_schedules'
);
