-- farm_settings holds valid values only, so that nothing that reads one needs
-- to doubt it.

-- @both
CREATE TRIGGER farm_settings_bi BEFORE INSERT ON farm_settings
-- The rules on a setting; notes a REPLACE, for farm_settings_ad.
BEGIN
  INSERT INTO tablao_assert_setting (name, value) VALUES (NEW.name, NEW.value);
  -- A REPLACE deletes the old row first; see farm_settings_ad. An OR IGNORE,
  -- which goes no further than this trigger, leaves nothing behind.
  INSERT OR IGNORE INTO tablao_taken (key, is_replacing) VALUES (1, 1);
END;

-- @both
CREATE TRIGGER farm_settings_ai AFTER INSERT ON farm_settings
-- The REPLACE, if it was one, is done.
BEGIN
  UPDATE tablao_taken SET is_replacing = 0;
END;

-- @both
CREATE TRIGGER farm_settings_bu BEFORE UPDATE OF name, value ON farm_settings
-- The rules on a setting. A row stays that of its setting.
BEGIN
  SELECT RAISE(ABORT, 'tablao: farm_settings.name cannot be changed: update the value, or delete the row to restore its default')
  WHERE NEW.name IS NOT OLD.name;
  INSERT INTO tablao_assert_setting (name, value) VALUES (NEW.name, NEW.value);
END;

-- @both
CREATE TRIGGER farm_settings_ad AFTER DELETE ON farm_settings
-- A deleted setting is back at its default at once. Not while a REPLACE is
-- about to write the same row: with recursive_triggers on that comes by here,
-- too, and would find the row taken.
WHEN (SELECT NOT is_replacing FROM tablao_taken)
BEGIN
  INSERT INTO farm_settings (name, value)
  SELECT name, value FROM tablao_setting_defaults WHERE name = OLD.name
  ON CONFLICT DO NOTHING;
END;
