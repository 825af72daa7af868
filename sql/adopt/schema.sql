-- What prevents observing a database of Flamenco's, or taking it over. Run in the
-- model, which has all that an own farm has; ext/model.c fills the tables.
--
-- Names are compared without regard to case, and SQLite keeps the table of a trigger as
-- CREATE TRIGGER wrote it. The left side of a comparison decides, so that is theirs.

CREATE TABLE temp.farms (
  -- One row if the database is a farm already.
  x
);

CREATE TABLE temp.our_tables (
  -- The tables of both kinds of farm: in the model, noted before the others
  -- are made.
  name text COLLATE NOCASE
);

CREATE TABLE temp.our_objects (
  -- The indexes, views and triggers of an observed farm.
  name text COLLATE NOCASE
);

CREATE TABLE temp.their_objects (
  -- The database's sqlite_schema. is_made: a version of ours has made it.
  type text,
  name text COLLATE NOCASE,
  tbl_name text COLLATE NOCASE,
  sql text,
  is_made integer
);

CREATE TABLE temp.their_columns (
  -- The columns of the database's tables.
  table_name text COLLATE NOCASE,
  name text COLLATE NOCASE
);

CREATE TABLE temp.their_references (
  -- Which of the database's tables refers to which: filled only if something is about
  -- to be dropped.
  table_name text COLLATE NOCASE,
  parent text COLLATE NOCASE
);

CREATE VIEW temp.flamenco_tables (name, position) AS
-- The tables that Flamenco has, too, parents before children.
SELECT name, rowid
FROM main.sqlite_schema
WHERE type = 'table'
  AND name NOT GLOB 'tablao_*'
  AND name NOT GLOB 'sqlite_*'
  AND name NOT IN (SELECT name FROM temp.our_tables);

CREATE VIEW temp.flamenco_columns (table_name, name, position) AS
-- Their columns without those of ours.
SELECT t.name, c.name, c.cid
FROM temp.flamenco_tables t
JOIN pragma_table_info(t.name, 'main') c
WHERE c.name NOT GLOB 'tablao_*';

CREATE VIEW temp.schema_problems (kind, object, message, is_missing, prevents) AS
-- One row per problem; prevents: 'both', or just 'taking over'.
SELECT 'table', t.name, 'the table is missing', 1, 'both'
FROM temp.flamenco_tables t
WHERE NOT EXISTS (
  SELECT 1 FROM temp.their_objects o WHERE o.type = 'table' AND o.name = t.name
)
UNION ALL
SELECT 'column', c.table_name || '.' || c.name, 'the column is missing', 1, 'both'
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
  'Flamenco 3.9 has no such column, so it would be lost', 0, 'taking over'
FROM temp.their_columns d
JOIN temp.flamenco_tables t ON d.table_name = t.name
WHERE NOT EXISTS (
  SELECT 1 FROM temp.flamenco_columns c
  WHERE d.table_name = c.table_name AND d.name = c.name
)
UNION ALL
-- What is on one of Flamenco's tables is dropped with it, and is made again under its
-- name, if that is free then.
SELECT 'name', o.name, 'this ' || o.type || ' has a name that Tablao needs', 0,
  CASE
    WHEN EXISTS (SELECT 1 FROM temp.farms) THEN 'taking over'
    WHEN lower(o.name) GLOB 'tablao_*'
      OR o.name IN (SELECT name FROM temp.our_tables)
      OR o.name IN (SELECT name FROM temp.our_objects)
    THEN 'both'
    ELSE 'taking over'
  END
FROM temp.their_objects o
WHERE (
    lower(o.name) GLOB 'tablao_*'
    OR o.name IN (SELECT name FROM temp.our_objects)
    OR EXISTS (SELECT 1 FROM main.sqlite_schema s WHERE s.name = o.name COLLATE NOCASE)
  )
  AND NOT EXISTS (
    SELECT 1 FROM temp.flamenco_tables t
    WHERE (o.name = t.name AND o.type = 'table')
      OR (o.tbl_name = t.name AND o.type = 'index' AND o.name NOT IN (SELECT name FROM temp.our_objects))
  )
  AND o.name NOT GLOB 'sqlite_*'
  AND NOT (
    EXISTS (SELECT 1 FROM temp.farms)
    AND (o.is_made OR o.tbl_name IN (SELECT name FROM temp.our_tables))
  );

CREATE VIEW temp.foreign_columns (name) AS
-- Columns that somebody has added to one of the tables of an own farm.
SELECT d.table_name || '.' || d.name
FROM temp.their_columns d
JOIN temp.flamenco_tables t ON d.table_name = t.name
WHERE NOT EXISTS (
  SELECT 1 FROM pragma_table_info(t.name, 'main') c WHERE d.name = c.name
);

CREATE VIEW temp.foreign_objects (type, name, sql) AS
-- Indexes and triggers on Flamenco's tables that are not ours.
SELECT o.type, o.name, o.sql
FROM temp.their_objects o
JOIN temp.flamenco_tables t ON o.tbl_name = t.name
WHERE o.type IN ('index', 'trigger')
  AND o.sql IS NOT NULL
  AND NOT o.is_made
  AND NOT EXISTS (
    SELECT 1 FROM main.sqlite_schema s
    WHERE s.type = o.type AND s.name = o.name COLLATE NOCASE
  );

CREATE VIEW temp.studio_triggers (name, tbl_name, sql) AS
-- Triggers that are not ours, on whatever.
SELECT o.name, o.tbl_name, o.sql
FROM temp.their_objects o
WHERE o.type = 'trigger'
  AND NOT o.is_made
  AND lower(o.name) NOT GLOB 'tablao_*';

CREATE VIEW temp.lost_objects (type, name, tbl_name) AS
-- What somebody has added that needs a table of ours. A reference to a table that is
-- gone makes foreign_key_check fail, and then Flamenco does not start.
SELECT 'table', r.table_name, r.parent
FROM temp.their_references r
WHERE r.parent IN (SELECT name FROM main.sqlite_schema WHERE type = 'table')
  AND r.parent NOT IN (SELECT name FROM temp.flamenco_tables)
  AND r.table_name NOT IN (SELECT name FROM main.sqlite_schema)
UNION ALL
SELECT 'trigger', o.name, o.tbl_name
FROM temp.studio_triggers o
WHERE o.tbl_name IN (SELECT name FROM main.sqlite_schema WHERE type = 'table')
  AND o.tbl_name NOT IN (SELECT name FROM temp.flamenco_tables);

CREATE VIEW temp.kept_triggers (name, sql) AS
-- Triggers that somebody has made on a table that both kinds of farm have.
SELECT o.name, o.sql
FROM temp.studio_triggers o
WHERE o.tbl_name IN (SELECT name FROM temp.our_tables);
