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

-- It looks for the first two letters of a day, in lower case, in days_of_week as they are
-- stored, and means every day if these are ''.
UPDATE main.sleep_schedules SET days_of_week = (
  SELECT trim(
    CASE WHEN instr(d, 'mo') THEN 'mo ' ELSE '' END
    || CASE WHEN instr(d, 'tu') THEN 'tu ' ELSE '' END
    || CASE WHEN instr(d, 'we') THEN 'we ' ELSE '' END
    || CASE WHEN instr(d, 'th') THEN 'th ' ELSE '' END
    || CASE WHEN instr(d, 'fr') THEN 'fr ' ELSE '' END
    || CASE WHEN instr(d, 'sa') THEN 'sa ' ELSE '' END
    || CASE WHEN instr(d, 'su') THEN 'su ' ELSE '' END
  )
  FROM (SELECT replace(lower(days_of_week), 'satu', 'sa') AS d)
)
WHERE days_of_week GLOB '*[^a-z ]*' OR days_of_week GLOB '*[a-z][a-z][a-z]*'
  OR trim(days_of_week) = '';
