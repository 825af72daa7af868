-- The indexes of an observed farm: one for each reference that Flamenco has none
-- for, so that deleting a row does not look through the table that refers to it.
-- Its Manager prepares its own statements on the same tables and must get their
-- rows in the order in which it always did. So there is none that it would read
-- a table by in another order, and none that holds a status or a time, which it
-- would have to keep with every change of a task.

-- Deleting a task asks who waits for it: without this, a look through all
-- dependencies per task.
CREATE INDEX tablao_observed_dependencies_idx
ON task_dependencies (dependency_id);

-- A worker's tasks come in the order of their ids, as from a look through all of
-- them, which is what the Manager does without this to find one worker's. With the
-- id, which every index ends in anyway, it is no narrower than Flamenco's own index
-- by job, or SQLite before 3.51 would prefer it for a worker's tasks of one job.
CREATE INDEX tablao_observed_worker_idx ON tasks (worker_id, id);

CREATE INDEX tablao_observed_failures_idx ON task_failures (worker_id);

CREATE INDEX tablao_observed_blocks_idx ON job_blocks (worker_id);

CREATE INDEX tablao_observed_membership_idx ON worker_tag_membership (worker_id);

-- Partial, since the Manager's scheduling asks for jobs without a tag, and would
-- look them up here and get tasks of equal priority in another order.
CREATE INDEX tablao_observed_tag_idx
ON jobs (worker_tag_id) WHERE worker_tag_id IS NOT NULL;
