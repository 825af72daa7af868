-- farm_settings holds valid values only, so that nothing that reads one needs
-- to doubt it.

CREATE TRIGGER farm_settings_bi BEFORE INSERT ON farm_settings
BEGIN
  INSERT INTO tablao_assert_setting (name, value) VALUES (NEW.name, NEW.value);
  -- A REPLACE deletes the old row first; see farm_settings_ad.
  INSERT INTO tablao_replaced (table_name)
  SELECT 'farm_settings'
  WHERE EXISTS (SELECT 1 FROM farm_settings WHERE name = NEW.name)
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER farm_settings_ai AFTER INSERT ON farm_settings
BEGIN
  DELETE FROM tablao_replaced WHERE table_name = 'farm_settings';
END;

CREATE TRIGGER farm_settings_bu BEFORE UPDATE OF name, value ON farm_settings
BEGIN
  SELECT RAISE(ABORT, 'tablao: farm_settings.name cannot be changed: update the value, or delete the row to restore its default')
  WHERE NEW.name IS NOT OLD.name;
  INSERT INTO tablao_assert_setting (name, value) VALUES (NEW.name, NEW.value);
END;

CREATE TRIGGER farm_settings_au AFTER UPDATE OF name, value ON farm_settings
BEGIN
  DELETE FROM tablao_replaced WHERE table_name = 'farm_settings';
END;

CREATE TRIGGER farm_settings_ad AFTER DELETE ON farm_settings
-- A deleted setting is back at its default at once. Not while a REPLACE is
-- about to write the same row: with recursive_triggers on that comes by here,
-- too, and would find the row taken.
WHEN NOT EXISTS (
  SELECT 1 FROM tablao_replaced WHERE table_name = 'farm_settings'
)
BEGIN
  INSERT INTO farm_settings (name, value)
  SELECT name, value FROM tablao_setting_defaults WHERE name = OLD.name
  ON CONFLICT DO NOTHING;
END;
