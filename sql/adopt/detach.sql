-- Before a farm's rows go back to Flamenco, the triggers being gone: its
-- Manager reads JSON only where it is a BLOB, and a farm keeps it as text.

UPDATE main.jobs SET
  settings = CAST(settings AS BLOB), metadata = CAST(metadata AS BLOB)
WHERE typeof(settings) = 'text' OR typeof(metadata) = 'text';

UPDATE main.tasks SET commands = CAST(commands AS BLOB)
WHERE typeof(commands) = 'text';
