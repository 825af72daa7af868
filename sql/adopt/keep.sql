CREATE TABLE main.tablao_adopted (
  -- What a farm that was taken over had in the place of Flamenco's tables: a
  -- row per table and index that was created by a statement. tablao_detach()
  -- brings it back.
  id integer NOT NULL PRIMARY KEY,
  type text NOT NULL,
  name text NOT NULL,
  tbl_name text NOT NULL,
  sql text NOT NULL,
  -- Of an index: whether it is unique, and its columns, each with collation
  -- and direction, if its key is just plain columns and it covers all rows. It
  -- is not made anew where one of ours does its work.
  is_unique integer,
  columns text,
  -- Of a table with AUTOINCREMENT: the highest id ever given.
  last_id integer
);
