-- What the triggers of workers share.

-- @both
CREATE VIEW tablao_worker_supports (worker_id, task_type) AS
-- supported_task_types, taken apart at its commas, trimmed and in lower case:
-- one row per worker and type, in which a type may repeat.
SELECT w.id, trim(t.value)
FROM workers w
CROSS JOIN json_each(
  '["' || replace(replace(replace(replace(replace(replace(
    lower(w.supported_task_types), '\', '\\'), '"', '\"'), char(9), ' '),
    char(10), ' '), char(13), ' '), ',', '","') || '"]'
) t
WHERE trim(t.value) <> '';

-- @both
CREATE VIEW tablao_worker_type_pairs (worker_id, task_type, worker_tag_id) AS
-- What tablao_worker_types must hold: every task type that a worker supports
-- with every tag that it has, and with 0 for none.
SELECT s.worker_id, s.task_type, 0
FROM tablao_worker_supports s
UNION ALL
SELECT s.worker_id, s.task_type, m.worker_tag_id
FROM tablao_worker_supports s
CROSS JOIN worker_tag_membership m ON m.worker_id = s.worker_id;

CREATE VIEW tablao_refresh_worker_types (worker_id) AS
-- Takes a worker's types and tags apart anew.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_refresh_worker_types_ii INSTEAD OF INSERT ON tablao_refresh_worker_types
BEGIN
  DELETE FROM tablao_worker_types WHERE worker_id = NEW.worker_id;
  INSERT INTO tablao_worker_types (worker_id, task_type, worker_tag_id)
  SELECT worker_id, task_type, worker_tag_id
  FROM tablao_worker_type_pairs
  WHERE worker_id = NEW.worker_id
  ON CONFLICT DO NOTHING;
END;

CREATE VIEW tablao_assert_task_types (supported_task_types) AS
-- The task types of a worker: no control characters but white space.
SELECT NULL WHERE 0;

CREATE TRIGGER tablao_assert_task_types_ii INSTEAD OF INSERT ON tablao_assert_task_types
WHEN replace(replace(replace(NEW.supported_task_types, char(9), ''), char(10), ''), char(13), '')
  GLOB '*[' || char(1) || '-' || char(31) || ']*'
BEGIN
  SELECT RAISE(ABORT, 'tablao: workers.supported_task_types must be task types separated by commas, without control characters');
END;

CREATE VIEW tablao_requests (worker_id, old_status) AS
-- What is left of the request made of a worker now that it has the status it
-- has; old_status is the one before. Section 3 of the specification.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_requests_ii INSTEAD OF INSERT ON tablao_requests
BEGIN
  UPDATE workers SET
    status_requested = '', lazy_status_request = 0, tablao_rev = tablao_rev + 1
  WHERE id = NEW.worker_id AND status_requested = status AND status <> '';
  UPDATE workers SET
    status_requested = '', lazy_status_request = 0, tablao_rev = tablao_rev + 1
  WHERE id = NEW.worker_id
    AND status = 'offline'
    AND NEW.old_status <> 'offline'
    AND status_requested = 'restart';
  UPDATE workers SET
    status_requested = NEW.old_status,
    lazy_status_request = 0,
    tablao_rev = tablao_rev + 1
  WHERE id = NEW.worker_id
    AND status = 'offline'
    AND status_requested = ''
    AND NEW.old_status IN ('awake', 'asleep');
END;

CREATE VIEW tablao_pool_statuses (job_id, status) AS
-- The status that a task gets when it returns to the pool: one row per job.
SELECT
  id,
  CASE WHEN status IN ('paused', 'pause-requested') THEN 'paused' ELSE 'queued' END
FROM jobs;

CREATE VIEW tablao_worker_labels (worker_id, label) AS
-- What activities call each worker.
SELECT id, name || ' (' || uuid || ')' FROM workers;

CREATE VIEW tablao_return_tasks (worker_id, reason) AS
-- Returns the active tasks of a worker to the pool; reason goes on after the
-- worker's name.
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_return_tasks_ii INSTEAD OF INSERT ON tablao_return_tasks
BEGIN
  UPDATE tasks SET
    status = (SELECT p.status FROM tablao_pool_statuses p WHERE p.job_id = tasks.job_id),
    activity = 'Task changed to '
      || (SELECT p.status FROM tablao_pool_statuses p WHERE p.job_id = tasks.job_id)
      || ': worker '
      || (SELECT w.label || ' ' FROM tablao_worker_labels w WHERE w.worker_id = NEW.worker_id)
      || NEW.reason
  WHERE worker_id = NEW.worker_id AND (status = 'active') = 1;
END;
