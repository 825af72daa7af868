-- Every stored job as the document from which it could be stored: one row per
-- job. INSERT INTO authored_jobs (document) VALUES (...) stores a job, its
-- tasks and their dependencies: docs/documents.md, which also says what is
-- refused. uuid may be left out, or be that of the document.
CREATE VIEW authored_jobs (uuid, document) AS
SELECT
  j.uuid,
  (
    SELECT replace(replace(replace(s.text,
      '""1""', j.priority),
      '""2""', CAST(j.settings AS TEXT)),
      '""3""', CAST(j.metadata AS TEXT))
    FROM tablao_skeletons s WHERE s.kind = 'job' AND s.id = j.id
  )
    || coalesce(
      (
        SELECT group_concat(piece.text, ',')
        FROM (
          -- Looked up per task: joined, SQLite makes the skeletons of all tasks first.
          SELECT replace(replace(
            (SELECT s.text FROM tablao_skeletons s WHERE s.kind = 'task' AND s.id = t.id),
            '""1""', t.priority),
            '""2""', CAST(t.commands AS TEXT)) AS text
          FROM tasks t
          WHERE likelihood(t.job_id = j.id, 1e-5)
          ORDER BY t.index_in_job
        ) piece
      ),
      ''
    )
    || ']}'
FROM jobs j;

CREATE TRIGGER tablao_authored_jobs_insert INSTEAD OF INSERT ON authored_jobs
BEGIN
  -- A user's trigger within a document would take away what is still to be stored.
  SELECT RAISE(ABORT, 'tablao: authored_jobs: a document is being stored: a trigger on what it stores cannot store another; if none is, DELETE FROM farm_problems')
  FROM tablao_storing;
  INSERT INTO tablao_unpack (document) VALUES (NEW.document);
  SELECT RAISE(ABORT, 'tablao: authored_jobs.uuid must be the uuid in the document, or be left out')
  FROM tablao_authored_tasks WHERE number = 0 AND uuid <> NEW.uuid;
  INSERT INTO tablao_store (job_id) VALUES (NULL);
END;
