-- What has changed since this script last ran, for a reader that keeps its
-- place in a database of its own:
--
--   sqlite3 -cmd '.timeout 10000' -cmd "ATTACH 'reader.db' AS reader" farm.db <follow_events.sql
--
-- A program runs it again whenever PRAGMA data_version, on one connection that
-- it keeps open, gives another number than before: that is how it learns that
-- somebody has committed, without reading a table.

CREATE TABLE IF NOT EXISTS reader.place (last_id integer NOT NULL);
INSERT INTO reader.place
SELECT (SELECT coalesce(max(id), 0) FROM main.farm_events)
WHERE NOT EXISTS (SELECT 1 FROM reader.place);

-- One moment of the farm, from here to COMMIT.
BEGIN;

-- Events in between are gone: all that is kept of the farm must be read anew.
SELECT 'reset'
FROM reader.place
WHERE last_id < (SELECT min(id) - 1 FROM main.farm_events)
  -- The farm was put back from a backup.
  OR last_id > (SELECT max(id) FROM main.farm_events);

SELECT e.id, e.created_at, e.kind, e.name, e.old_status, e.new_status,
  e.num_tasks, e.activity
FROM reader.place p CROSS JOIN main.farm_events e ON e.id > p.last_id
ORDER BY e.id;

UPDATE reader.place
SET last_id = coalesce((SELECT max(id) FROM main.farm_events), last_id);

COMMIT;
