-- For an observed farm whose triggers were gone for a while, because a table was made
-- anew: attempts that ended meanwhile end now, and those that began meanwhile begin
-- now, since nobody knows when it was.

UPDATE main.task_attempts SET
  ended_at = (SELECT now FROM main.farm_clock),
  outcome = coalesce(
    (
      SELECT CASE
        WHEN t.status <> 'active' THEN t.status
        WHEN t.worker_id IS NULL THEN 'unassigned'
        ELSE 'reassigned'
      END
      FROM main.tasks t WHERE t.id = task_attempts.task_id
    ),
    'unassigned'
  ),
  activity = (
    SELECT t.activity FROM main.tasks t WHERE t.id = task_attempts.task_id
  )
WHERE ended_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM main.tasks t
    WHERE t.id = task_attempts.task_id
      AND t.status = 'active'
      AND t.worker_id = task_attempts.worker_id
  );

INSERT INTO main.task_attempts (task_id, worker_id, worker_name, started_at)
SELECT t.id, w.id, w.name, (SELECT now FROM main.farm_clock)
FROM main.tasks t CROSS JOIN main.workers w ON w.id = t.worker_id
WHERE t.status = 'active'
  AND (SELECT s.value FROM main.farm_settings s WHERE s.name = 'history') <> 'off'
  AND NOT EXISTS (
    SELECT 1 FROM main.task_attempts a
    WHERE a.task_id = t.id AND a.ended_at IS NULL
  );
