-- For the adoption of a Flamenco database. Run in the model, a farm in memory
-- that holds what the farm to come will have; beside it ext/adopt.c notes what
-- the database has.

CREATE TABLE temp.their_objects (
  -- The database's sqlite_schema.
  type text,
  name text COLLATE NOCASE,
  tbl_name text COLLATE NOCASE,
  sql text
);

CREATE TABLE temp.their_columns (
  -- The columns of the database's tables.
  table_name text COLLATE NOCASE,
  name text COLLATE NOCASE
);

CREATE VIEW temp.flamenco_tables (name, position) AS
-- The tables that Flamenco has, too, parents before children.
SELECT name, rowid
FROM main.sqlite_schema
WHERE type = 'table' AND name NOT GLOB 'tablao_*' AND name <> 'farm_settings';

CREATE VIEW temp.flamenco_columns (table_name, name, position) AS
-- Their columns without those of ours.
SELECT t.name, c.name, c.cid
FROM temp.flamenco_tables t
JOIN pragma_table_info(t.name, 'main') c
WHERE c.name NOT GLOB 'tablao_*';

CREATE VIEW temp.schema_problems (kind, object, message) AS
-- What keeps the database from becoming a farm, before a row is looked at.
SELECT 'table', t.name, 'the table is missing'
FROM temp.flamenco_tables t
WHERE NOT EXISTS (
  SELECT 1 FROM temp.their_objects o WHERE o.type = 'table' AND o.name = t.name
)
UNION ALL
SELECT 'column', c.table_name || '.' || c.name, 'the column is missing'
FROM temp.flamenco_columns c
WHERE EXISTS (
    SELECT 1 FROM temp.their_objects o
    WHERE o.type = 'table' AND o.name = c.table_name
  )
  AND NOT EXISTS (
    SELECT 1 FROM temp.their_columns d
    WHERE d.table_name = c.table_name AND d.name = c.name
  )
UNION ALL
SELECT 'column', d.table_name || '.' || d.name,
  'Flamenco 3.9 has no such column, so it would be lost'
FROM temp.their_columns d
JOIN temp.flamenco_tables t ON t.name = d.table_name
WHERE NOT EXISTS (
  SELECT 1 FROM temp.flamenco_columns c
  WHERE c.table_name = d.table_name AND c.name = d.name
)
UNION ALL
-- What is on one of the tables goes with it and may come back under its name
-- if that is free then.
SELECT 'name', o.name, 'a ' || o.type || ' has this name, which Tablao needs'
FROM temp.their_objects o
WHERE (
    lower(o.name) GLOB 'tablao_*'
    OR EXISTS (SELECT 1 FROM main.sqlite_schema s WHERE s.name = o.name)
  )
  AND NOT EXISTS (
    SELECT 1 FROM temp.flamenco_tables t
    WHERE (t.name = o.name AND o.type = 'table')
      OR (t.name = o.tbl_name AND o.type = 'index')
  );

CREATE VIEW temp.foreign_columns (name) AS
-- Columns that somebody has added to one of the tables after its adoption.
SELECT d.table_name || '.' || d.name
FROM temp.their_columns d
JOIN temp.flamenco_tables t ON t.name = d.table_name
WHERE NOT EXISTS (
  SELECT 1 FROM pragma_table_info(t.name, 'main') c WHERE c.name = d.name
);

CREATE VIEW temp.foreign_objects (type, name, sql) AS
-- Indexes and triggers on the tables that are not ours.
SELECT o.type, o.name, o.sql
FROM temp.their_objects o
JOIN temp.flamenco_tables t ON t.name = o.tbl_name
WHERE o.type IN ('index', 'trigger')
  AND o.sql IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM main.sqlite_schema s WHERE s.type = o.type AND s.name = o.name
  );
