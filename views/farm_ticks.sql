-- Jobs that nothing will move on any more: one row per job. They are in
-- cancel-requested or requeueing; or in pause-requested without an active task; or
-- queued or active with tasks, none of which is queued, active, soft-failed or paused.
-- The tick acts on them as if they had just got their status.
CREATE VIEW stuck_jobs (job_uuid, status) AS
SELECT j.uuid, j.status
FROM jobs j
LEFT JOIN tablao_counts c ON c.job_id = j.id -- @own
-- Each by name: with the statuses as rows of a join, SQLite would scan the counters
-- for each job, if the farm had one job when somebody ran ANALYZE.
WHERE (
    j.status = 'cancel-requested' OR j.status = 'requeueing'
    OR j.status = 'pause-requested' OR j.status = 'queued' OR j.status = 'active'
  )
  AND EXISTS ( -- @observed
    SELECT 1 FROM tablao_job_counts c -- @observed
    WHERE c.job_id = j.id -- @observed
  AND (
    instr('cancel-requested requeueing', j.status)
    OR (j.status = 'pause-requested' AND c.num_active IS NOT TRUE)
    -- NULL, where it never had a task. One that is pausing has an active task here.
    OR (NOT max(c.num_queued, c.num_active, c.num_soft_failed, c.num_paused) AND c.num_tasks)
  )
  ) -- @observed
;

-- How much is due now: one row. INSERT INTO farm_ticks DEFAULT VALUES, once a
-- minute, does it all, in the order of the columns.
CREATE VIEW farm_ticks (
  timed_out_tasks, timed_out_workers, sleep_schedules, stuck_jobs
) AS
SELECT
  (SELECT count(*) FROM timed_out_tasks),
  (SELECT count(*) FROM timed_out_workers),
  (SELECT count(*) FROM sleep_schedules_due),
  (SELECT count(*) FROM stuck_jobs);

CREATE TRIGGER tablao_ticks_insert INSTEAD OF INSERT ON farm_ticks
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (4, (SELECT now FROM farm_clock));
  INSERT INTO tablao_time_out (task_uuid, worker_uuid, worker_name)
  SELECT task_uuid, worker_uuid, worker_name FROM timed_out_tasks
  UNION ALL
  SELECT NULL, worker_uuid, NULL FROM timed_out_workers;
  INSERT INTO tablao_apply_schedules (worker_id, status, next_check)
  SELECT s.worker_id, s.scheduled_status, s.next_check
  FROM sleep_schedules_due d
  CROSS JOIN worker_sleep_statuses s ON s.worker_uuid = d.worker_uuid;
  -- status: so that it is acted upon, as if it were new. tablao_rev tells the rule on
  -- tablao_status that it is us.
  UPDATE jobs SET
    status = status,
    updated_at = (SELECT value FROM tablao_written_times WHERE n = 4),
    tablao_status = ' ',
    tablao_rev = tablao_rev + 1
  WHERE uuid IN (SELECT s.job_uuid FROM stuck_jobs s);
END;
