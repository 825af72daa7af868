-- A farm that is being made in a database of Flamenco's: its Manager is the
-- one that acts.

UPDATE main.tablao_setting_defaults SET value = 'off' WHERE name = 'state_machine';
UPDATE main.farm_settings SET value = 'off' WHERE name = 'state_machine';

-- Who is at work has started now, for all we know.
INSERT INTO main.task_attempts (task_id, worker_id, worker_name, started_at)
SELECT
  t.id, w.id, w.name,
  coalesce(
    (SELECT s.value FROM main.farm_settings s WHERE s.name = 'clock'),
    strftime('%Y-%m-%d %H:%M:%f+00:00')
  )
FROM main.tasks t CROSS JOIN main.workers w ON w.id = t.worker_id
WHERE t.status = 'active';
