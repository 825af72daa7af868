-- farm_settings holds valid values only, so that nothing that reads one needs
-- to doubt it.

-- @both
CREATE TRIGGER tablao_settings_insert AFTER INSERT ON farm_settings
-- The rules on a setting.
BEGIN
  UPDATE farm_settings SET value = value WHERE name = NEW.name;
END;

-- @both
CREATE TRIGGER tablao_settings_update AFTER UPDATE OF name, value ON farm_settings
-- The rules on a setting. A row stays that of its setting.
BEGIN
  SELECT CASE
    WHEN NEW.name IS NOT OLD.name
    THEN RAISE(ABORT, 'tablao: farm_settings.name cannot be changed: update the value, or delete the row to restore its default')
    WHEN NEW.name NOT IN (SELECT name FROM tablao_setting_defaults)
    THEN RAISE(ABORT, 'tablao: farm_settings.name is not the name of a setting: SELECT name FROM farm_settings lists them')
    WHEN NEW.name = 'state_machine'
      AND NEW.value IS NOT (SELECT value FROM tablao_setting_defaults WHERE name = NEW.name)
    THEN RAISE(ABORT, 'tablao: farm_settings.value of state_machine only tells what kind of farm this is and cannot be changed')
    WHEN NEW.name = 'history' AND NEW.value IS NOT 'on' AND NEW.value IS NOT 'off'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of history must be on or off')
    -- The stored form to the letter, and a time there is: with 0 days added,
    -- the 30th of February comes back as the 2nd of March.
    WHEN NEW.name = 'clock'
      AND NEW.value IS NOT NULL
      AND (
        typeof(NEW.value) <> 'text'
        OR datetime(NEW.value, '+0 days') || substr(NEW.value, 20, 10) IS NOT NEW.value
        OR NEW.value NOT GLOB '*.[0-9][0-9][0-9]+00:00'
      )
    THEN RAISE(ABORT, 'tablao: farm_settings.value of clock must be NULL or a time like 2026-01-02 03:04:05.678+00:00')
  END;
  SELECT CASE name
    WHEN 'job_fail_percentage'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of job_fail_percentage must be a whole number from 1 to 100')
    WHEN 'task_timeout'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of task_timeout must be a whole number of seconds, 0 for no timeout')
    WHEN 'worker_timeout'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of worker_timeout must be a whole number of seconds, 0 for no timeout')
    WHEN 'blocklist_threshold'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of blocklist_threshold must be a whole number of tasks, 0 for no blocklisting')
    WHEN 'events_keep'
    THEN RAISE(ABORT, 'tablao: farm_settings.value of events_keep must be a whole number of events, 0 for none')
    ELSE RAISE(ABORT, 'tablao: farm_settings.value of task_fail_after_softfail_count must be a whole number of workers, 0 for no limit')
  END
  FROM tablao_setting_defaults
  WHERE name = NEW.name
    AND minimum IS NOT NULL
    AND (
      typeof(NEW.value) <> 'integer'
      OR NEW.value < minimum
      OR NEW.value > maximum
    );
  -- Fewer events are kept from now on.
  DELETE FROM farm_events
  WHERE NEW.name = 'events_keep' AND id <= (SELECT max(id) FROM farm_events) - NEW.value;
  -- Where none is written any more, an id is left out: by that a reader who has seen
  -- the last one knows that some were missed.
  UPDATE tablao_deleted_events SET last_id = last_id + 1
  WHERE NEW.name = 'events_keep' AND NEW.value = 0;
END;

-- @both
CREATE TRIGGER tablao_settings_delete AFTER DELETE ON farm_settings
-- A deleted setting is back at its default at once. Not if a REPLACE deletes it:
-- with recursive_triggers on that fires this before it writes the row, and would
-- find the name taken. The OR REPLACE of its statement overrides the OR IGNORE of
-- the first INSERT below, which then sets is_replacing; for a DELETE that INSERT
-- does nothing.
BEGIN
  INSERT OR IGNORE INTO tablao_scratch (key, is_replacing) VALUES (1, 1);
  SELECT RAISE(ABORT, 'tablao: farm_settings.value of state_machine only tells what kind of farm this is and cannot be deleted')
  FROM tablao_scratch
  WHERE OLD.name = 'state_machine' AND is_replacing = 0;
  INSERT INTO farm_settings (name, value)
  SELECT name, value FROM tablao_setting_defaults, tablao_scratch
  WHERE name = OLD.name AND is_replacing = 0
  ON CONFLICT DO NOTHING;
  UPDATE tablao_scratch SET is_replacing = 0;
END;
