CREATE VIEW stuck_jobs (job_uuid, status) AS
-- Jobs in a status that should have led on to another and that nothing will
-- move any more: one row per job. The tick acts on them as if they had just
-- got their status.
SELECT j.uuid, j.status
FROM jobs j
WHERE j.status IN ('cancel-requested', 'requeueing', 'pause-requested')
  AND (
    j.status <> 'pause-requested'
    OR (SELECT c.num_active FROM tablao_job_counts c WHERE c.job_id = j.id) = 0
  );

CREATE VIEW farm_ticks (
  timed_out_tasks, timed_out_workers, sleep_schedules, stuck_jobs
) AS
-- How much is due now: one row. INSERT INTO farm_ticks DEFAULT VALUES, once a
-- minute, does it all, in the order of the columns.
SELECT
  (SELECT count(*) FROM timed_out_tasks),
  (SELECT count(*) FROM timed_out_workers),
  (SELECT count(*) FROM sleep_schedules_due),
  (SELECT count(*) FROM stuck_jobs);

CREATE TRIGGER farm_ticks_ii INSTEAD OF INSERT ON farm_ticks
BEGIN
  INSERT INTO tablao_assert_machine (door) VALUES ('farm_ticks');
  UPDATE timed_out_tasks SET status = 'failed';
  UPDATE timed_out_workers SET status = 'error';
  INSERT INTO tablao_due_schedules (worker_id)
  SELECT w.id
  FROM sleep_schedules_due d JOIN workers w ON w.uuid = d.worker_uuid;
  INSERT INTO tablao_job_effects (job_id, status, old_status, keeps_activity, stamp)
  SELECT j.id, j.status, NULL, 0, (SELECT now FROM farm_clock)
  FROM stuck_jobs s JOIN jobs j ON j.uuid = s.job_uuid;
END;
