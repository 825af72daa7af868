-- What is in a farm, as one text: the same before an upgrade and after.
SELECT group_concat(line, char(10)) FROM (
  SELECT 'job ' || uuid || ' ' || quote(name) || ' ' || status || ' ' || priority || ' '
      || steps_completed || '/' || steps_total AS line
    FROM jobs
  UNION ALL
  SELECT 'task ' || uuid || ' ' || quote(name) || ' ' || status || ' ' || index_in_job
      || ' ' || steps_completed || '/' || steps_total
    FROM tasks
  UNION ALL
  SELECT 'worker ' || uuid || ' ' || quote(name) || ' ' || quote(status) FROM workers
  UNION ALL
  SELECT 'dependencies ' || count(*) || ' ' || total(task_id * 31 + dependency_id)
    FROM task_dependencies
  ORDER BY 1
)
