-- What a Manager does in a database that becomes observed: tasks are handed out,
-- some are done, some fail. And a job with a name that is no harm to SQL or HTML.
SELECT tablao_migrate();
UPDATE jobs SET name = '<img src=x onerror="document.title=''hit''"> & ''co''' WHERE id = 11;
UPDATE workers SET name = '<b onmouseover=alert(1)>render-1</b>' WHERE id = 1;
UPDATE workers SET secret = 'never-to-be-seen-' || id;
UPDATE tasks SET status = 'queued', worker_id = NULL WHERE status = 'active';
UPDATE tasks SET status = 'active', worker_id = id % 5 + 1
WHERE id IN (SELECT id FROM tasks WHERE status IN ('queued', 'soft-failed') LIMIT 60);
UPDATE tasks SET status = 'completed', activity = 'done', steps_completed = steps_total
WHERE status = 'active' AND id % 3 = 0;
UPDATE tasks SET status = 'failed', activity = '<script>document.title=''hit''</script>'
WHERE status = 'active' AND id % 7 = 0;
UPDATE jobs SET status = 'active' WHERE id IN (SELECT job_id FROM tasks WHERE status = 'active');
