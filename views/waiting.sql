-- Why each task that is queued or soft-failed does not run: one row per such
-- task, with the first reason that applies (docs/rules.md, "Why a task waits"),
-- and a sentence about it.
CREATE VIEW waiting_tasks (
  task_uuid, task_name, task_type, job_uuid, job_name, reason, detail
) AS
-- What the workers make of a task follows from its type and its job's tag. It is worked
-- out once for each such pair, as job 0, and once more for each job and type that
-- workers are blocked from. The workers are looked through anew only for a task that
-- the worker which was found has failed. The +: of a farm that had two workers at ANALYZE,
-- SQLite would look for a worker by its status, and not look it up by its id.
WITH
-- One row, of which SQLite thinks that it is very many. Verdicts are joined to it, lest
-- statistics of a small farm make SQLite look through all of them for each task.
one (n) AS (SELECT 0 UNION ALL SELECT n FROM one WHERE 0),
-- What has this name in an observed farm is a view; here it is worked out once. In an own
-- farm it is a table, which needs no name of a WITH: SQLite 3.54 refuses these as soon as
-- a statement has more cursors than an expression may be deep, which is 100 on some hosts.
tablao_worker_types (worker_id, task_type, worker_tag_id) AS MATERIALIZED ( -- @observed
  SELECT DISTINCT worker_id, task_type, worker_tag_id FROM tablao_worker_type_pairs -- @observed
), -- @observed
free (worker_id) AS MATERIALIZED (
  SELECT id FROM workers
  WHERE deleted_at IS NULL AND status = 'awake' AND status_requested = ''
    AND (id IN (SELECT worker_id FROM tasks WHERE status = 'active')) IS NOT TRUE
),
pairs (job_id, task_type, worker_tag_id, num_blocked) AS MATERIALIZED (
  SELECT 0, p.task_type, p.worker_tag_id, 0
  FROM (SELECT DISTINCT task_type, worker_tag_id FROM tablao_worker_types) p
  UNION ALL
  SELECT
    b.job_id, lower(trim(b.task_type, char(9, 10, 13, 32))),
    coalesce(j.worker_tag_id, 0), sum(b.n)
  FROM (SELECT job_id, task_type, count(*) AS n FROM job_blocks GROUP BY job_id, task_type) b
  CROSS JOIN jobs j ON j.id = b.job_id
  WHERE j.status IN ('queued', 'active')
  GROUP BY 1, 2
),
-- A worker that could run such tasks (and, in found, one that is awake with nothing
-- requested, and one that is free). In an own farm the first is that with the lowest
-- id, so that the blocked workers before it are passed over once.
able (job_id, task_type, worker_tag_id, num_blocked, some_id) AS MATERIALIZED (
  SELECT
    v.job_id, v.task_type, v.worker_tag_id, v.num_blocked,
    (
      SELECT p.worker_id FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
      WHERE p.task_type = v.task_type AND p.worker_tag_id = v.worker_tag_id
        AND +w.deleted_at IS NULL
        AND (v.num_blocked = 0 OR NOT EXISTS (
          SELECT 1 FROM tablao_blocks l
          WHERE l.job_id = v.job_id AND l.worker_id = p.worker_id AND l.task_type = v.task_type
        ))
      ORDER BY p.worker_id -- @own
      LIMIT 1
    )
  FROM pairs v
  -- The LIMIT, and the WHERE in found, keep an old SQLite from working this out anew
  -- at each use.
  LIMIT -1
),
found (job_id, task_type, worker_tag_id, num_blocked, some_id, awake_id, free_id) AS MATERIALIZED (
  SELECT
    v.job_id, v.task_type, v.worker_tag_id, v.num_blocked, v.some_id,
    CASE WHEN v.some_id IS NOT NULL AND EXISTS (
      SELECT 1 FROM workers w
      WHERE w.deleted_at IS NULL AND w.status = 'awake' AND w.status_requested = ''
    ) THEN (
      SELECT p.worker_id FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
      WHERE p.task_type = v.task_type AND p.worker_tag_id = v.worker_tag_id
        AND p.worker_id >= v.some_id -- @own
        AND +w.deleted_at IS NULL AND w.status = 'awake' AND w.status_requested = ''
        AND (v.num_blocked = 0 OR NOT EXISTS (
          SELECT 1 FROM tablao_blocks l
          WHERE l.job_id = v.job_id AND l.worker_id = p.worker_id AND l.task_type = v.task_type
        ))
      LIMIT 1
    ) END,
    CASE WHEN v.some_id IS NOT NULL THEN (
      SELECT p.worker_id FROM free f CROSS JOIN tablao_worker_types p ON p.worker_id = f.worker_id
      WHERE p.task_type = v.task_type AND p.worker_tag_id = v.worker_tag_id
        AND f.worker_id >= v.some_id -- @own
        AND (v.num_blocked = 0 OR NOT EXISTS (
          SELECT 1 FROM tablao_blocks l
          WHERE l.job_id = v.job_id AND l.worker_id = p.worker_id AND l.task_type = v.task_type
        ))
      LIMIT 1
    ) END
  FROM able v
  WHERE v.job_id >= 0
  LIMIT -1
),
-- What found means for a task that the worker in it has not failed; verdict is NULL if
-- nobody could run the task.
verdicts (job_id, task_type, worker_tag_id, worker_id, verdict, words) AS MATERIALIZED (
  SELECT
    v.job_id, v.task_type, v.worker_tag_id, coalesce(v.free_id, v.awake_id, v.some_id),
    CASE
      WHEN v.free_id IS NOT NULL THEN 'next'
      WHEN v.awake_id IS NOT NULL THEN 'workers-busy'
      WHEN v.some_id IS NOT NULL THEN 'no-worker-awake'
    END,
    CASE
      WHEN v.free_id IS NOT NULL
      THEN (SELECT '"' || w.name || '" is free' FROM workers w WHERE w.id = v.free_id)
      WHEN v.awake_id IS NOT NULL
      THEN (SELECT 'nobody who could run it is free, "' || w.name || '" has a task' FROM workers w WHERE w.id = v.awake_id)
      WHEN v.some_id IS NOT NULL
      THEN (
        SELECT n.n || ' worker(s) could run it: ' || offline || ' offline, ' || asleep
          || ' asleep, ' || (n.n - offline - asleep) || ' in another status or asked to change it'
        FROM (
          SELECT
            count(*) AS n,
            count(w.status = 'offline' OR NULL) AS offline,
            count(w.status = 'asleep' OR NULL) AS asleep
          FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
          WHERE p.task_type = v.task_type AND p.worker_tag_id = v.worker_tag_id
            AND +w.deleted_at IS NULL
            AND (v.num_blocked = 0 OR NOT EXISTS (
              SELECT 1 FROM tablao_blocks l
              WHERE l.job_id = v.job_id AND l.worker_id = p.worker_id AND l.task_type = v.task_type
            ))
        ) n
      )
      -- All of them are blocked. Each counts once, however often it is blocked.
      ELSE (
        SELECT count(*)
        FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
        WHERE p.task_type = v.task_type AND p.worker_tag_id = v.worker_tag_id
          AND +w.deleted_at IS NULL
      )
    END
  FROM found v CROSS JOIN one
  WHERE v.job_id >= 0
)
SELECT
  c.task_uuid, c.task_name, c.task_type, c.job_uuid, c.job_name, c.reason,
  CASE c.reason
    WHEN 'job-status' THEN 'the job is ' || c.job_status
    WHEN 'deletion-requested' THEN 'deletion of the job was requested at ' || c.delete_requested_at
    WHEN 'dependencies' THEN (
      -- With min(), the other columns are those of the row that has the minimum.
      SELECT 'waits for "' || p.name || '", which is ' || p.status
        || CASE WHEN count(*) > 1 THEN ', and ' || (count(*) - 1) || ' more' ELSE '' END
        || substr(min(p.index_in_job), 1, 0)
      FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
      WHERE likelihood(d.task_id = c.task_id, 0.2) AND p.status <> 'completed'
    )
    WHEN 'no-worker' THEN 'no worker takes tasks of type "' || trim(c.task_type, char(9, 10, 13, 32)) || '"'
    WHEN 'no-worker-with-tag' THEN 'no worker with the tag "'
      || (SELECT g.name FROM worker_tags g WHERE g.id = c.worker_tag_id)
      || '" takes tasks of type "' || trim(c.task_type, char(9, 10, 13, 32)) || '", others do'
    WHEN 'blocked' THEN c.words || ' worker(s) blocked from tasks of type "' || trim(c.task_type, char(9, 10, 13, 32))
      || '" of this job, no other worker is left to run them'
    WHEN 'failed-by-all' THEN (SELECT count(*) FROM task_failures f WHERE f.task_id = c.task_id)
      || ' worker(s) failed it, no other worker is left to run tasks of type "' || trim(c.task_type, char(9, 10, 13, 32))
      || '" of this job'
    ELSE coalesce(
      (
        SELECT count(*) || ' worker(s) failed it, ' || CASE c.reason
            WHEN 'next' THEN 'of the others one is free'
            WHEN 'workers-busy' THEN 'of the others nobody who could run it is free'
            ELSE (
              SELECT printf(
                '%d other(s) could run it: %d offline, %d asleep, %d in another status or asked to change it',
                count(*), sum(w.status = 'offline'), sum(w.status = 'asleep'),
                sum(w.status NOT IN ('offline', 'asleep'))
              )
              FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
              WHERE p.task_type = c.pair_type AND p.worker_tag_id = c.pair_tag_id
                AND +w.deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM task_failures g WHERE g.task_id = c.task_id AND g.worker_id = w.id)
                AND NOT EXISTS (
                  SELECT 1 FROM tablao_blocks l
                  WHERE l.job_id = c.job_id AND l.worker_id = w.id AND l.task_type = c.pair_type
                )
            )
          END
        FROM task_failures f WHERE f.task_id = c.task_id
        GROUP BY f.task_id
      ),
      c.words
    )
  END
FROM (
  SELECT
    t.uuid AS task_uuid, t.name AS task_name, t.type AS task_type, j.uuid AS job_uuid,
    j.name AS job_name, t.id AS task_id, j.status AS job_status, j.delete_requested_at,
    j.worker_tag_id, t.job_id, u.task_type AS pair_type, u.worker_tag_id AS pair_tag_id,
    coalesce(b.words, u.words) AS words,
    CASE
      WHEN j.status <> 'active' AND j.status <> 'queued' THEN 'job-status'
      WHEN j.delete_requested_at IS NOT NULL THEN 'deletion-requested'
      WHEN EXISTS (
        SELECT 1 FROM task_dependencies d CROSS JOIN tasks p ON p.id = d.dependency_id
        WHERE likelihood(d.task_id = t.id, 0.2) AND p.status <> 'completed'
      ) THEN 'dependencies'
      WHEN u.verdict IS NULL
      THEN CASE
        WHEN EXISTS (
          SELECT 1 FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
          WHERE p.task_type = lower(trim(t.type, char(9, 10, 13, 32)))
            AND p.worker_tag_id = 0 AND +w.deleted_at IS NULL
        ) THEN 'no-worker-with-tag'
        ELSE 'no-worker'
      END
      WHEN b.job_id IS NOT NULL AND b.verdict IS NULL THEN 'blocked'
      WHEN EXISTS (
        SELECT 1 FROM task_failures f
        WHERE f.task_id = t.id
          AND f.worker_id = coalesce(b.worker_id, u.worker_id)
      )
      THEN coalesce((
        SELECT CASE max(CASE
          WHEN w.status <> 'awake' OR w.status_requested <> '' THEN 1
          ELSE 2 + (w.id IN free)
        END) WHEN 3 THEN 'next' WHEN 2 THEN 'workers-busy' WHEN 1 THEN 'no-worker-awake' END
        FROM tablao_worker_types p CROSS JOIN workers w ON w.id = p.worker_id
        WHERE p.task_type = u.task_type AND p.worker_tag_id = u.worker_tag_id
          AND +w.deleted_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM task_failures f WHERE f.task_id = t.id AND f.worker_id = w.id)
          AND NOT EXISTS (
            SELECT 1 FROM tablao_blocks l
            WHERE l.job_id = t.job_id AND l.worker_id = w.id AND l.task_type = u.task_type
          )
      ), 'failed-by-all')
      ELSE coalesce(b.verdict, u.verdict)
    END AS reason
  FROM tasks t
  JOIN jobs j ON j.id = t.job_id
  LEFT JOIN verdicts u
    ON u.job_id = 0
    AND u.task_type = lower(trim(t.type, char(9, 10, 13, 32)))
    AND u.worker_tag_id = coalesce(j.worker_tag_id, 0)
  LEFT JOIN verdicts b ON b.job_id = +t.job_id AND b.task_type = u.task_type
  WHERE t.status = 'queued' OR t.status = 'soft-failed'
) c;

-- Why the tasks of each job do not run: one row per job and reason, with how many of
-- its tasks wait for that, and a sentence about one of them.
CREATE VIEW waiting_jobs (
  job_uuid, name, status, reason, num_tasks, detail
) AS
SELECT
  t.job_uuid, t.job_name, (SELECT j.status FROM jobs j WHERE j.uuid = t.job_uuid),
  t.reason, count(*), min(t.detail)
FROM waiting_tasks t
GROUP BY t.job_uuid, t.reason;
