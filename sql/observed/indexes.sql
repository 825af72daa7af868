-- The indexes of an observed farm. Its Manager prepares its own statements on
-- the same tables, and must get their rows in the order in which it always
-- did. So an index is either one that none of its queries reads a table by, or
-- is partial under a condition that is always true and that only views of ours
-- name: a planner never uses such an index for a query that does not.

-- Deleting a task asks who waits for it: without this, a look through all
-- dependencies per task.
CREATE INDEX tablao_observed_dependencies_idx
ON task_dependencies (dependency_id);

-- The active tasks, by worker.
CREATE INDEX tablao_observed_active_idx
ON tasks (worker_id) WHERE (status = 'active') = 1;

-- A worker's tasks. Not by their last update or their status: an index on
-- what every change of a task touches would slow down the Manager's changes of
-- whole jobs by half.
CREATE INDEX tablao_observed_worker_idx
ON tasks (worker_id) WHERE typeof(worker_id) = 'integer';
