-- The indexes of an observed farm: one for each foreign key for which Flamenco has
-- none, so that deleting a row does not look through the table that refers to it.
-- The Manager's own statements must get their rows in the same order as before. So
-- there is no index by which SQLite would read a table for them in another order;
-- and none with a status or a time, which would have to be updated with every
-- change of a task.

-- Deleting a task asks who waits for it: without this, a look through all
-- dependencies per task.
CREATE INDEX tablao_observed_dependencies_idx
ON task_dependencies (dependency_id);

-- With it a worker's tasks come in the order of their ids, as without it, when the
-- Manager looks through all tasks for them. Every index ends in the id anyway. It is
-- named here so that the index is no narrower than Flamenco's own index by job: SQLite
-- before 3.51 would prefer a narrower one for a worker's tasks of one job.
CREATE INDEX tablao_observed_worker_idx ON tasks (worker_id, id);

CREATE INDEX tablao_observed_failures_idx ON task_failures (worker_id);

CREATE INDEX tablao_observed_blocks_idx ON job_blocks (worker_id);

CREATE INDEX tablao_observed_membership_idx ON worker_tag_membership (worker_id);

-- Partial, since the Manager's scheduling asks for jobs without a tag. With a full index
-- SQLite would look these up here, and tasks of equal priority came in another order.
CREATE INDEX tablao_observed_tag_idx
ON jobs (worker_tag_id) WHERE worker_tag_id IS NOT NULL;
