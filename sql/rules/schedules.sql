-- sleep_schedules: rules on their rows, and what they ask of workers:
-- docs/rules.md, "Sleep".

CREATE TRIGGER tablao_schedules_before_insert BEFORE INSERT ON sleep_schedules
-- Notes whether its id is that of another.
BEGIN
  INSERT INTO tablao_note_replaced
  VALUES ('sleep_schedules', NEW.id, (
    SELECT NEW.id FROM sleep_schedules
    WHERE id = NEW.id AND worker_id <> NEW.worker_id
  ));
END;

CREATE TRIGGER tablao_schedules_insert AFTER INSERT ON sleep_schedules
-- Refuses a REPLACE by id, which has deleted another schedule; its times. The
-- UPDATE fires the trigger that has the rules and applies the schedule.
BEGIN
  SELECT CASE
    WHEN NEW.id < 1
    THEN RAISE(ABORT, 'tablao: sleep_schedules.id must be a whole number from 1')
    WHEN NEW.id = (SELECT key FROM tablao_replaced WHERE table_name = 'sleep_schedules')
    THEN RAISE(ABORT, 'tablao: sleep_schedules.id is that of another row, which cannot be REPLACEd: use INSERT ... ON CONFLICT DO UPDATE')
  END;
  -- '' says that it is new: the rules are for all of it.
  UPDATE sleep_schedules SET
    created_at = coalesce(nullif(created_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock)),
    updated_at = '',
    is_active = is_active,
    next_check = next_check
  WHERE id = NEW.id;
  -- Last, since the change of the others has stamped the row.
  UPDATE sleep_schedules SET updated_at = coalesce(nullif(NEW.updated_at, strftime('%Y-%m-%d %H:%M:%f+00:00')), (SELECT now FROM farm_clock))
  WHERE id = NEW.id;
END;

CREATE TRIGGER tablao_schedules_update AFTER UPDATE OF
  id, rowid, oid, _rowid_, created_at, updated_at, worker_id, is_active, days_of_week,
  start_time, end_time
ON sleep_schedules
-- The rules on a schedule, as far as this statement changes it; sets updated_at,
-- unless the statement did; and applies it. next_check alone does neither. Booleans are
-- kept as 0 and 1.
BEGIN
  SELECT CASE
    WHEN NEW.id IS NOT OLD.id
    THEN RAISE(ABORT, 'tablao: sleep_schedules.id cannot be changed')
    WHEN (NEW.worker_id IS NOT OLD.worker_id OR NEW.updated_at = '')
      AND s.worker_id NOT IN (SELECT id FROM workers)
    THEN RAISE(ABORT, 'tablao: sleep_schedules.worker_id must be the id of a worker')
    WHEN (NEW.is_active IS NOT OLD.is_active OR NEW.updated_at = '')
      AND (typeof(NEW.is_active) = 'blob' OR lower(NEW.is_active) NOT IN ('0', '1', 'true', 'false'))
    THEN RAISE(ABORT, 'tablao: sleep_schedules.is_active must be 0 or 1, or the texts true and false')
    WHEN (NEW.start_time IS NOT OLD.start_time OR NEW.updated_at = '')
      AND NEW.start_time <> '' AND NEW.start_time IS NOT strftime('%H:%M', NEW.start_time, '+0 days')
    THEN RAISE(ABORT, 'tablao: sleep_schedules.start_time must be a time from 00:00 to 23:59, or empty for the start of the day')
    WHEN (NEW.end_time IS NOT OLD.end_time OR NEW.updated_at = '')
      AND NEW.end_time <> '' AND NEW.end_time IS NOT strftime('%H:%M', NEW.end_time, '+0 days')
    THEN RAISE(ABORT, 'tablao: sleep_schedules.end_time must be a time from 00:00 to 23:59, or empty for the end of the day')
  END
  FROM sleep_schedules s WHERE s.id = NEW.id;
  -- It has no characters but letters that day names have and separators, and every
  -- word in it is a day, or the first two letters of one.
  SELECT RAISE(ABORT, 'tablao: sleep_schedules.days_of_week must hold English names of days or their first two letters, separated by blanks or commas, or be empty for every day')
  WHERE (NEW.days_of_week IS NOT OLD.days_of_week OR NEW.updated_at = '')
    AND (
      typeof(NEW.days_of_week) = 'blob'
      OR trim(lower(NEW.days_of_week), 'adefhimnorstuwy, ' || char(9, 10, 13)) <> ''
      OR EXISTS (
        SELECT 1 FROM json_each(
          '["' || replace(replace(replace(replace(replace(
            lower(NEW.days_of_week), char(9), ' '), char(10), ' '), char(13), ' '),
            ',', ' '), ' ', '","') || '"]'
        )
        WHERE value <> ''
          AND instr(
            ' mo tu we th fr sa su monday tuesday wednesday thursday friday saturday sunday ',
            ' ' || value || ' '
          ) = 0
      )
    );
  UPDATE sleep_schedules SET is_active = lower(is_active) = 'true'
  WHERE id = NEW.id AND lower(is_active) IN ('true', 'false');
  INSERT INTO tablao_times (n, value)
  VALUES (2, CASE WHEN NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '' THEN NEW.created_at END);
  UPDATE sleep_schedules SET
    created_at = coalesce((SELECT value FROM tablao_written_times WHERE n = 2), (SELECT now FROM farm_clock))
  WHERE id = NEW.id
    AND (NEW.created_at IS NOT OLD.created_at OR NEW.updated_at = '')
    AND NEW.created_at IS NOT (SELECT value FROM tablao_written_times WHERE n = 2);
  -- Last, since that has stamped the row where recursive_triggers is on; and not
  -- twice in one millisecond.
  INSERT INTO tablao_times (n, value) VALUES (3, nullif(NEW.updated_at, OLD.updated_at));
  UPDATE sleep_schedules SET updated_at = v.value
  FROM (
    SELECT
      CASE
        WHEN NEW.updated_at IS OLD.updated_at OR NEW.updated_at = '' THEN c.now
        ELSE w.value
      END AS value
    FROM farm_clock c CROSS JOIN tablao_written_times w
    WHERE w.n = 3
  ) v
  WHERE id = NEW.id AND updated_at IS NOT v.value;
  -- Applied at once. A next_check that is later than the new times want is brought
  -- forward, unless the statement set it.
  INSERT INTO tablao_apply_schedules (worker_id, status, next_check)
  SELECT
    s.worker_id,
    s.scheduled_status,
    CASE
      WHEN NEW.next_check > s.next_check
        AND NEW.next_check IS OLD.next_check
        AND (NEW.is_active, NEW.start_time, NEW.end_time) IS NOT (OLD.is_active, OLD.start_time, OLD.end_time)
      THEN s.next_check
    END
  FROM worker_sleep_statuses s WHERE s.worker_id = NEW.worker_id;
END;

CREATE TRIGGER tablao_schedules_update_check AFTER UPDATE OF next_check ON sleep_schedules
-- Times are kept in one form.
WHEN strftime('%Y-%m-%d %H:%M:%f+00:00', NEW.next_check, '+0 days') IS NOT NEW.next_check
BEGIN
  INSERT INTO tablao_times (n, value) VALUES (1, NEW.next_check);
  INSERT INTO tablao_apply_schedules (worker_id, next_check)
  SELECT NEW.worker_id, value FROM tablao_written_times
  WHERE n = 1 AND value IS NOT NEW.next_check;
END;

-- tablao_apply_schedules: asks a worker for the status that its schedule wants.
-- next_check: when to look again; NULL leaves that as it is. status: NULL asks for none,
-- and next_check is as it is here.
CREATE VIEW tablao_apply_schedules (worker_id, status, next_check) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_apply_schedules_insert INSTEAD OF INSERT ON tablao_apply_schedules
BEGIN
  UPDATE sleep_schedules SET next_check = NEW.next_check
  WHERE worker_id = NEW.worker_id AND (NEW.next_check IS NOT NULL OR NEW.status IS NULL);
  UPDATE workers SET status_requested = NEW.status, lazy_status_request = 0
  WHERE id = NEW.worker_id
    AND deleted_at IS NULL
    AND status <> 'error'
    AND NEW.status <> CASE
      WHEN status_requested = '' THEN status
      WHEN lazy_status_request THEN ''
      ELSE status_requested
    END;
END;
