CREATE VIEW tablao_local_times (
  now, today, time_of_day, day_name, yesterday_name, is_shifting
) AS
-- Now, in local time: one row. day_name is the first two letters of today's
-- name, behind a blank. is_shifting: the clocks change within a day from now.
SELECT
  v.now,
  strftime('%Y-%m-%d', v.at, 'localtime'),
  strftime('%H:%M', v.at, 'localtime'),
  ' ' || substr('sumotuwethfrsa', 1 + 2 * strftime('%w', v.at, 'localtime'), 2),
  ' ' || substr('sasumotuwethfr', 1 + 2 * strftime('%w', v.at, 'localtime'), 2),
  (
    strftime('%s', v.at, '-25 hours', 'localtime') - strftime('%s', v.at, '-25 hours')
      <> strftime('%s', v.at, 'localtime') - strftime('%s', v.at)
    OR strftime('%s', v.at, '+25 hours', 'localtime') - strftime('%s', v.at, '+25 hours')
      <> strftime('%s', v.at, 'localtime') - strftime('%s', v.at)
  )
FROM (SELECT c.now, substr(c.now, 1, 19) AS at FROM farm_clock c) v;

CREATE VIEW worker_sleep_statuses (
  worker_uuid, scheduled_status, next_check, worker_id
) AS
-- What each worker's sleep schedule says now: one row per worker that is not
-- soft-deleted. scheduled_status is awake or asleep; next_check, in UTC, is
-- when to look again: the earliest of the coming midnight, the start and the
-- end, and NULL without an active schedule. Around a change of the clocks it
-- is the next minute, since a local time may be there twice or not at all.
SELECT
  w.uuid,
  CASE
    WHEN s.start_time > s.end_time THEN
      CASE
        WHEN (s.days = ' ' OR instr(s.days, l.day_name) > 0)
          AND l.time_of_day >= s.start_time
        THEN 'asleep'
        WHEN (s.days = ' ' OR instr(s.days, l.yesterday_name) > 0)
          AND l.time_of_day < s.end_time
        THEN 'asleep'
        ELSE 'awake'
      END
    WHEN (s.days = ' ' OR instr(s.days, l.day_name) > 0)
      AND l.time_of_day >= s.start_time
      AND l.time_of_day < s.end_time
    THEN 'asleep'
    ELSE 'awake'
  END,
  CASE
    WHEN s.worker_id IS NULL THEN NULL
    WHEN l.is_shifting
    THEN strftime('%Y-%m-%d %H:%M:00.000+00:00', substr(l.now, 1, 19), '+1 minute')
    WHEN l.time_of_day < min(s.start_time, s.end_time)
    THEN strftime(
      '%Y-%m-%d %H:%M:00.000+00:00',
      l.today || ' ' || min(s.start_time, s.end_time), 'utc'
    )
    WHEN l.time_of_day < max(s.start_time, s.end_time)
      AND max(s.start_time, s.end_time) <> '24:00'
    THEN strftime(
      '%Y-%m-%d %H:%M:00.000+00:00',
      l.today || ' ' || max(s.start_time, s.end_time), 'utc'
    )
    ELSE strftime('%Y-%m-%d %H:%M:00.000+00:00', l.today || ' 00:00', '+1 day', 'utc')
  END,
  w.id
FROM workers w
CROSS JOIN tablao_local_times l
LEFT JOIN (
  SELECT
    worker_id,
    ' ' || trim(replace(replace(replace(replace(
      lower(days_of_week), ',', ' '), char(9), ' '), char(10), ' '),
      char(13), ' ')) AS days,
    CASE start_time WHEN '' THEN '00:00' ELSE start_time END AS start_time,
    CASE end_time WHEN '' THEN '24:00' ELSE end_time END AS end_time
  FROM sleep_schedules
  WHERE is_active
) s ON s.worker_id = w.id
WHERE w.deleted_at IS NULL;

CREATE VIEW sleep_schedules_due (worker_uuid, worker_name, next_check) AS
-- The sleep schedules to look at now: one row per active schedule of a worker
-- that is not soft-deleted, whose next_check is not set or not in the future.
SELECT w.uuid, w.name, s.next_check
FROM sleep_schedules s
JOIN workers w ON w.id = s.worker_id
WHERE s.is_active
  AND coalesce(substr(s.next_check, 1, 23), '') <= (
    SELECT substr(c.now, 1, 23) FROM farm_clock c
  )
  AND w.deleted_at IS NULL;

CREATE VIEW worker_next_statuses (worker_uuid, status) AS
-- What a worker that signs on should become: one row per worker that is not
-- soft-deleted; the status requested of it, else what its sleep schedule says.
SELECT
  w.uuid,
  CASE w.status_requested WHEN '' THEN s.scheduled_status ELSE w.status_requested END
FROM workers w
JOIN worker_sleep_statuses s ON s.worker_id = w.id;

CREATE VIEW tablao_apply_schedules (worker_id) AS
-- Asks a worker for the status that its schedule wants of it.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_apply_schedules_ii INSTEAD OF INSERT ON tablao_apply_schedules
BEGIN
  UPDATE workers SET
    status_requested = (
      SELECT s.scheduled_status FROM worker_sleep_statuses s
      WHERE s.worker_id = NEW.worker_id
    ),
    lazy_status_request = 0
  WHERE id = NEW.worker_id
    AND deleted_at IS NULL
    AND status <> 'error'
    AND NOT (
      status_requested = ''
      AND status = (
        SELECT s.scheduled_status FROM worker_sleep_statuses s
        WHERE s.worker_id = NEW.worker_id
      )
    )
    AND NOT (
      NOT lazy_status_request
      AND status_requested = (
        SELECT s.scheduled_status FROM worker_sleep_statuses s
        WHERE s.worker_id = NEW.worker_id
      )
    );
END;

CREATE VIEW tablao_due_schedules (worker_id) AS
-- A schedule that is due: applies it, and sets when it is due again.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_due_schedules_ii INSTEAD OF INSERT ON tablao_due_schedules
BEGIN
  UPDATE sleep_schedules SET next_check = (
    SELECT s.next_check FROM worker_sleep_statuses s
    WHERE s.worker_id = NEW.worker_id
  )
  WHERE worker_id = NEW.worker_id;
  INSERT INTO tablao_apply_schedules (worker_id) VALUES (NEW.worker_id);
END;
