CREATE TABLE new_tasks (
  id integer NOT NULL,
  created_at datetime NOT NULL,
  updated_at datetime,
  uuid varchar(36) UNIQUE DEFAULT '' NOT NULL,
  name varchar(128) DEFAULT '' NOT NULL,
  type varchar(32) DEFAULT '' NOT NULL,
  job_id integer DEFAULT 0 NOT NULL,
  index_in_job integer DEFAULT 0 NOT NULL,
  priority smallint DEFAULT 50 NOT NULL,
  status varchar(16) DEFAULT '' NOT NULL,
  worker_id integer,
  last_touched_at datetime,
  commands jsonb NOT NULL,
  activity varchar(255) DEFAULT '' NOT NULL,
  steps_completed integer DEFAULT 0 NOT NULL,
  steps_total integer DEFAULT 0 NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (job_id, index_in_job),
  CONSTRAINT fk_tasks_job FOREIGN KEY (job_id)
    REFERENCES jobs (id) ON DELETE CASCADE,
  CONSTRAINT fk_tasks_worker FOREIGN KEY (worker_id)
    REFERENCES workers (id) ON DELETE SET NULL
);
INSERT INTO new_tasks SELECT id, created_at, updated_at, uuid, name, type,
  job_id, index_in_job, priority, status, worker_id, last_touched_at, commands,
  activity, steps_completed, steps_total
FROM tasks;
DROP TABLE tasks;
ALTER TABLE new_tasks RENAME TO tasks;
