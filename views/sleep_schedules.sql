-- What each worker's sleep schedule says now: one row per worker that is not
-- soft-deleted. scheduled_status is awake or asleep; next_check, in UTC, is
-- when to look again: the earliest of the coming midnight, the start and the
-- end, and NULL without an active schedule. Around a change of the clocks it
-- is the next minute, since a local time may be there twice or not at all.
CREATE VIEW worker_sleep_statuses (
  worker_uuid, scheduled_status, next_check, worker_id
) AS
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

-- The sleep schedules to look at now: one row per active schedule of a worker
-- that is not soft-deleted, whose next_check is not set or not in the future.
CREATE VIEW sleep_schedules_due (worker_uuid, worker_name, next_check) AS
SELECT w.uuid, w.name, s.next_check
FROM sleep_schedules s
JOIN workers w ON w.id = s.worker_id
WHERE s.is_active
  AND coalesce(substr(s.next_check, 1, 23), '') <= (
    SELECT substr(c.now, 1, 23) FROM farm_clock c
  )
  AND w.deleted_at IS NULL;

-- What a worker that signs on should become: one row per worker that is not
-- soft-deleted; the status requested of it, else what its sleep schedule says.
CREATE VIEW worker_next_statuses (worker_uuid, status) AS
SELECT
  w.uuid,
  CASE w.status_requested WHEN '' THEN s.scheduled_status ELSE w.status_requested END
FROM workers w
JOIN worker_sleep_statuses s ON s.worker_id = w.id;
