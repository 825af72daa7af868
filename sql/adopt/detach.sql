-- Run when a farm's rows are in Flamenco's tables again: the Manager reads JSON only
-- if it is a BLOB, and a farm keeps it as text. These tables have no triggers yet, not
-- even the user's.

UPDATE main.jobs SET
  settings = CAST(settings AS BLOB), metadata = CAST(metadata AS BLOB)
WHERE typeof(settings) = 'text' OR typeof(metadata) = 'text';

UPDATE main.tasks SET commands = CAST(commands AS BLOB)
WHERE typeof(commands) = 'text';

-- It writes the last rendered job to the row with the id 1, whatever that of the farm's
-- one row has become.
UPDATE OR REPLACE main.last_rendereds SET id = 1
WHERE id = (SELECT max(id) FROM main.last_rendereds);
