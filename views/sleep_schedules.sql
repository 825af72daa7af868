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
    WHEN instr(
        -- Without letters it is every day. The first two letters of a day are in no
        -- other day's name, except that `tu` is in Saturday.
        CASE
          WHEN s.days_of_week GLOB '*[0-z]*' THEN replace(lower(s.days_of_week), 'satu', 'sa')
          ELSE 'mo tu we th fr sa su'
        END,
        -- Yesterday, if its night is not over, or today. As stored, '' sorts before
        -- every time.
        substr(n.day_names, CASE
          WHEN n.time_of_day < s.end_time AND s.start_time > s.end_time THEN 1
          WHEN n.time_of_day >= s.start_time
            AND (n.time_of_day < s.end_time OR s.start_time > s.end_time OR s.end_time = '')
          THEN 3
        END, 2)
      )
    THEN 'asleep'
    ELSE 'awake'
  END,
  CASE
    WHEN s.worker_id IS NULL THEN NULL
    WHEN n.is_shifting
    THEN strftime('%Y-%m-%d %H:%M:00.000+00:00', n.at, '+1 minute')
    ELSE strftime(
      '%Y-%m-%d %H:%M:%S.000+00:00',
      n.today || ' ' || min(
        CASE WHEN s.start_time > n.time_of_day THEN s.start_time ELSE '24:00' END,
        CASE WHEN s.end_time > n.time_of_day THEN s.end_time ELSE '24:00' END
      ),
      'utc'
    )
  END,
  w.id
-- n is now, in local time: one row. at is in UTC, without its fraction; day_names are
-- the first two letters of yesterday's name and of today's; is_shifting: the clocks
-- change, or have changed, within a day. A LIMIT keeps SQLite from putting these
-- expressions in the place of every use of a column, to be worked out each time.
FROM (
  SELECT
    v.at,
    date(v.at, 'localtime') AS today,
    strftime('%H:%M', v.at, 'localtime') AS time_of_day,
    substr('sasumotuwethfrsa', 1 + 2 * strftime('%w', v.at, 'localtime'), 4) AS day_names,
    datetime(v.at, '+25 hours', 'localtime') <> datetime(v.at, '-25 hours', 'localtime', '+50 hours') AS is_shifting
  FROM (SELECT substr(now, 1, 19) AS at FROM farm_clock LIMIT 1) v
  LIMIT 1
) n
CROSS JOIN workers w
-- likelihood(): after an ANALYZE with few schedules SQLite would look through all of
-- them for each worker.
LEFT JOIN sleep_schedules s ON likelihood(s.worker_id = w.id, 1e-5) AND s.is_active
WHERE w.deleted_at IS NULL;

-- The sleep schedules to look at now: one row per active schedule of a worker
-- that is not soft-deleted, whose next_check is not set or not in the future.
CREATE VIEW sleep_schedules_due (worker_uuid, worker_name, next_check) AS
SELECT w.uuid, w.name, s.next_check
FROM sleep_schedules s
JOIN workers w ON w.id = s.worker_id
WHERE s.is_active
  -- now is longer than these 23 characters, but that makes it no earlier.
  AND coalesce(substr(s.next_check, 1, 23), '') <= (SELECT now FROM farm_clock)
  AND w.deleted_at IS NULL;

-- What a worker that signs on should become: one row per worker that is not
-- soft-deleted; the status requested of it, else what its sleep schedule says.
CREATE VIEW worker_next_statuses (worker_uuid, status) AS
SELECT
  w.uuid,
  CASE w.status_requested WHEN '' THEN s.scheduled_status ELSE w.status_requested END
FROM workers w
JOIN worker_sleep_statuses s ON s.worker_id = w.id;
