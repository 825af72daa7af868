-- A farm that is being made in a database of Flamenco's: its Manager is the
-- one that acts.

UPDATE main.tablao_setting_defaults SET value = 'off' WHERE name = 'state_machine';
UPDATE main.farm_settings SET value = 'off' WHERE name = 'state_machine';
