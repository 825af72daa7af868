-- Jobs that nothing will move on any more: one row per job. Those in
-- cancel-requested or requeueing, in pause-requested without an active task,
-- and queued and active ones all tasks of which are completed, or none of which
-- can still be run. The tick acts on them as if they had just got their status.
CREATE VIEW stuck_jobs (job_uuid, status) AS
SELECT j.uuid, j.status
FROM tablao_stuck_jobs s
CROSS JOIN jobs j ON j.id = s.job_id;

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
  UPDATE timed_out_tasks SET status = 'failed';
  UPDATE timed_out_workers SET status = 'error';
  INSERT INTO tablao_apply_schedules (worker_id, status, next_check)
  SELECT s.worker_id, s.scheduled_status, s.next_check
  FROM sleep_schedules_due d
  CROSS JOIN worker_sleep_statuses s ON s.worker_uuid = d.worker_uuid;
  UPDATE jobs SET
    status = s.next_status,
    activity = coalesce(s.activity, jobs.activity),
    tablao_status = CASE s.next_status WHEN jobs.status THEN '' ELSE tablao_status END
  FROM tablao_stuck_jobs s
  WHERE s.job_id = jobs.id;
  UPDATE tablao_scratch SET last_tick_at = (SELECT now FROM farm_clock);
END;

-- tablao_stuck_jobs: the jobs of stuck_jobs, with the status they should get:
-- the same one, where it is the one that is to be acted upon again.
CREATE VIEW tablao_stuck_jobs (job_id, next_status, activity) AS
SELECT j.id, j.status, NULL
FROM jobs j
WHERE j.status = 'cancel-requested' OR j.status = 'requeueing'
UNION ALL
SELECT j.id, j.status, NULL
FROM jobs j
CROSS JOIN tablao_job_counts c ON c.job_id = j.id
WHERE j.status = 'pause-requested' AND c.num_active = 0
UNION ALL
SELECT
  j.id,
  CASE
    WHEN c.num_completed = c.num_tasks THEN 'completed'
    WHEN c.num_failed > 0 THEN 'failed'
    ELSE 'canceled'
  END,
  CASE
    WHEN c.num_completed = c.num_tasks
    THEN 'Job changed to completed: it has no task left to do'
    WHEN c.num_failed > 0
    THEN 'Job changed to failed: it has no task left to run, and some have failed'
    ELSE 'Job changed to canceled: it has no task left to run'
  END
FROM jobs j
CROSS JOIN tablao_job_counts c ON c.job_id = j.id
WHERE (j.status = 'queued' OR j.status = 'active')
  AND c.num_tasks > 0
  AND c.num_active + c.num_queued + c.num_soft_failed + c.num_paused = 0;
