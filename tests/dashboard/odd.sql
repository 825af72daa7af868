-- A farm with names that nobody would give on purpose, and jobs without steps.
SELECT tablao_migrate() > 0;
INSERT INTO workers (name, status, supported_task_types, last_seen_at)
SELECT value, 'awake', 'blender', now FROM farm_clock, json_each(json_array(
  '<script>document.title = "hit"</script>', 'node "1" & ''co''', '🎬 日本語', printf('%.300c', 'w'), '', ' '));
INSERT INTO jobs (name, job_type, settings, metadata)
SELECT value, 'x', '{"frames": {"from": 1}, "dry": true, "n": null}', '{"tags": ["a"]}'
FROM json_each(json_array(
  '<script>document.title = "hit"</script>', 'shot "1" & ''co''', '🎬 日本語', printf('%.300c', 'j'), '', ' ',
  'a/b?c=d&e#f %41 +', 'twice', 'twice'));
INSERT INTO tasks (job_id, name, type)
SELECT jobs.id, printf('%.300c', 't') || value, 'blender' FROM jobs, json_each('[1, 2, 3, 4]');
UPDATE jobs SET status = 'queued';
UPDATE tasks SET status = 'completed' WHERE index_in_job = 1;
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers;
INSERT INTO task_updates (task_uuid, worker_uuid, status, activity)
SELECT task_uuid, worker_uuid, 'failed', printf('%.300c', 'a') || '<script>document.title = "hit"</script>' FROM task_claims;
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers;
-- More than a card has room for.
INSERT INTO workers (name, status, supported_task_types)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
SELECT printf('node-%02d', i), 'offline', 'blender' FROM n;
