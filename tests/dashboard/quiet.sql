-- A farm that keeps no history, with two jobs of one name whose uuids begin alike.
SELECT tablao_migrate() > 0;
UPDATE farm_settings SET value = 'off' WHERE name = 'history';
INSERT INTO workers (name, status, supported_task_types, last_seen_at)
SELECT 'node-01', 'awake', 'blender', now FROM farm_clock;
INSERT INTO authored_jobs (document)
SELECT json_object('uuid', 'project-' || value, 'name', char(10) || 'shot' || char(13, 10) || '1 ', 'job_type', 'x', 'status', 'queued',
  'tasks', json('[{"name": "frames", "type": "blender"}, {"name": "more", "type": "blender"}]'))
FROM json_each('[1, 2]');
INSERT INTO task_claims (worker_uuid) SELECT uuid FROM workers;
-- More rows of waiting_jobs than the chart has room for.
INSERT INTO authored_jobs (document)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
SELECT json_object('name', 'crowd', 'job_type', 'x', 'status', 'queued', 'tasks', json('[{"name": "t", "type": "blender"}]')) FROM n;
