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
  SELECT RAISE(ABORT, 'tablao: farm_ticks is closed while the setting state_machine is off: the periodic checks are the work of the Manager')
  WHERE (SELECT value FROM tablao_settings WHERE name = 'state_machine') <> 'on';
  -- Each step behind a WHEN: to find nothing due must cost next to nothing,
  -- and an UPDATE of a view copies the view's rows first.
  INSERT INTO tablao_tick_steps (step, is_due)
  VALUES ('timed_out_tasks', EXISTS (SELECT 1 FROM timed_out_tasks));
  INSERT INTO tablao_tick_steps (step, is_due)
  VALUES ('timed_out_workers', EXISTS (SELECT 1 FROM timed_out_workers));
  INSERT INTO tablao_tick_steps (step, is_due)
  VALUES ('sleep_schedules', EXISTS (SELECT 1 FROM sleep_schedules_due));
  INSERT INTO tablao_tick_steps (step, is_due)
  VALUES ('stuck_jobs', EXISTS (SELECT 1 FROM stuck_jobs));
END;

CREATE VIEW tablao_tick_steps (step, is_due) AS
-- Takes one step of a tick, when it is due.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_tick_steps_ii_tasks INSTEAD OF INSERT ON tablao_tick_steps
WHEN NEW.is_due AND NEW.step = 'timed_out_tasks'
BEGIN
  UPDATE timed_out_tasks SET status = 'failed';
END;

CREATE TRIGGER tablao_tick_steps_ii_workers INSTEAD OF INSERT ON tablao_tick_steps
WHEN NEW.is_due AND NEW.step = 'timed_out_workers'
BEGIN
  UPDATE timed_out_workers SET status = 'error';
END;

CREATE TRIGGER tablao_tick_steps_ii_schedules INSTEAD OF INSERT ON tablao_tick_steps
WHEN NEW.is_due AND NEW.step = 'sleep_schedules'
BEGIN
  INSERT INTO tablao_due_schedules (worker_id)
  SELECT w.id
  FROM sleep_schedules_due d JOIN workers w ON w.uuid = d.worker_uuid;
END;

CREATE TRIGGER tablao_tick_steps_ii_jobs INSTEAD OF INSERT ON tablao_tick_steps
WHEN NEW.is_due AND NEW.step = 'stuck_jobs'
BEGIN
  INSERT INTO tablao_job_effects (job_id, status, old_status, keeps_activity, stamp)
  SELECT j.id, j.status, NULL, 0, (SELECT now FROM farm_clock)
  FROM stuck_jobs s JOIN jobs j ON j.uuid = s.job_uuid;
END;
