-- What the rules of several tables ask: is this a time, JSON, a REPLACE?

-- Doors that refuse: an INSERT of a value that breaks a rule raises an error,
-- any other does nothing.

-- tablao_times: a time as a client wrote it, in any of the forms of docs/rules.md,
-- "Times". Leaves in row n of tablao_written_times the form in which
-- it is stored, NULL for '' and NULL. A fraction is cut and not rounded: SQLite's date
-- functions, which round it to the next second, get to see that it is one, but not that
-- it begins with a 9. With 0 days added, the 30th of February comes back as the 2nd of
-- March.
-- SQLite 3.37 gives back another millisecond than the one it was given: so what
-- comes here by its strftime('%f') may be in the stored form, and where it must
-- not be taken for another the seconds and the digits are asked for.
CREATE VIEW tablao_times (n, value) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_times_insert INSTEAD OF INSERT ON tablao_times
BEGIN
  UPDATE tablao_written_times SET value = coalesce(
    CASE
      -- With the time, since SQLite takes 24:59 for the hour after midnight; and
      -- from year 0 an offset may lead to one before it.
      WHEN substr(NEW.value, 1, 10) = date(substr(NEW.value, 1, 16), '+0 days') AND NEW.value > '0001'
      THEN strftime(
        printf('%%Y-%%m-%%d %%H:%%M:%%S.%03.0f+00:00', 1000 * ('0' || substr(NEW.value, 20, 4))),
        coalesce(
          datetime(replace(replace(NEW.value, '.9', '.0'), ' UTC', '')),
          -- What Go calls a zone is an offset without a colon, a name and more.
          replace(replace(
            NEW.value,
            ltrim(substr(NEW.value, 20), ' .0123456789'),
            printf('%.3s:%.2s', ltrim(substr(NEW.value, 20), ' .0123456789'), substr(ltrim(substr(NEW.value, 20), ' .0123456789'), 4))
          ), '.9', '.0')
        )
      )
    END,
    CASE
      WHEN NEW.value <> ''
      THEN RAISE(ABORT, 'tablao: created_at, updated_at, deleted_at, delete_requested_at, last_seen_at, last_touched_at and next_check must be a day that there is, with or without a time and an offset, like 2026-01-02 03:04:05.678+00:00')
    END
  )
  -- What is there is in that form, and mostly NULL.
  WHERE n = NEW.n AND value IS NOT NEW.value;
END;

-- tablao_assert_json: TEXT or a BLOB that is to be JSON as RFC 8259 has it. rule:
-- the column that it is for and the types that its root may have; NULL for a
-- document, which may be anything. What is not JSON, SQLite calls "malformed
-- JSON". Of the JSON functions only json_tree and json_each may stand in a
-- schema: SQLite 3.38 to 3.40 refuse the others where the schema is not trusted.
-- They read up to a zero byte, behind which anything may stand.
-- From version 3.42 SQLite also reads JSON5, which nobody else does; but it
-- gives every value back as JSON, and what was JSON before comes back as it
-- was, but for white space. Strings and numbers come back as SQL values: they
-- are for others to refuse; but NaN comes back as null. Before 3.42 all that is read
-- comes back as it was, so the version need not be asked for: hosts like
-- Cloudflare's D1 refuse whatever calls sqlite_version().
-- CAST takes a BLOB that a client has bound for UTF-8, and one that is stored for
-- what the database has, which may be UTF-16; || takes both for that.
CREATE VIEW tablao_assert_json (value, rule) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_json_insert INSTEAD OF INSERT ON tablao_assert_json
-- What a task has by default need not be looked at: a tenth of its INSERT.
WHEN NEW.value || NEW.rule IS NOT '[]commands array null'
BEGIN
  -- The lower half of JSONB's first byte says array or object.
  SELECT RAISE(ABORT, 'tablao: settings, metadata, commands and documents must be JSON as text, not JSONB: write json(...) in place of jsonb(...)')
  -- Of a BLOB quote() makes X'..'; 7B is a brace.
  WHERE replace(quote(substr(NEW.value, 1, 1)), '7B', '') GLOB 'X''[0-46-9A-F][BC]''';
  -- One by one, the characters that are not ASCII, if there are any: is the
  -- character that its bytes stand for made of these bytes? Whether there are
  -- any, instr() says, which counts the bytes that begin a character; and one
  -- without its others reads as U+FFFD. By halves and halves of these, since every
  -- step copies what is left, and SQLite finds a character by counting. Two
  -- characters are read as another one though they are made well.
  SELECT RAISE(ABORT, 'tablao: settings, metadata, commands and documents must be JSON in UTF-8: this has a byte that is not')
  WHERE (
      instr(NEW.value || char(1), char(1)) <= length(CAST(NEW.value AS BLOB))
      OR CAST(NEW.value AS TEXT) GLOB printf('*%s*', char(65533))
    )
    AND EXISTS (
      WITH RECURSIVE c (rest, size) AS (
        SELECT CAST(NEW.value AS TEXT), length(NEW.value)
        UNION ALL
        SELECT
          trim(
            substr(rest, 1 + h.key * size, size),
            char(9, 10, 13) || ' !"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~'
          ),
          (size + 1) / 2
        FROM c CROSS JOIN json_each('[0,1]') h
        WHERE length(rest) > 1
      )
      SELECT 1 FROM c
      WHERE NOT instr(char(unicode(rest), 32, 65534, 32, 65535, 32), substr(rest, 1, 1) || ' ')
    );
  SELECT CASE NEW.rule
    WHEN 'settings object null'
    THEN RAISE(ABORT, 'tablao: jobs.settings must be a JSON object or JSON null')
    WHEN 'metadata object null'
    THEN RAISE(ABORT, 'tablao: jobs.metadata must be a JSON object or JSON null')
    WHEN 'commands array null'
    THEN RAISE(ABORT, 'tablao: tasks.commands must be a JSON array or JSON null')
    ELSE RAISE(ABORT, 'tablao: documents must not contain a zero byte')
  END
  WHERE instr(NEW.value, char(0))
    OR (
      NEW.rule IS NOT NULL
      AND (
        SELECT instr(NEW.rule, j.type)
        FROM json_tree(ltrim(NEW.value || '', char(65279))) j
      ) IS NOT TRUE
    );
  SELECT RAISE(ABORT, 'tablao: settings, metadata, commands and documents must be JSON: what SQLite reads as JSON5 is not')
  -- json_each gives back what it was given, too.
  FROM json_each(printf('[%s]', ltrim(NEW.value, char(65279)))) j
  WHERE j.key = 0
    AND instr('object array null', j.type)
    -- What comes back has no white space but in strings.
    AND replace(replace(replace(replace(j.json, ' ', ''), char(9), ''), char(10), ''), char(13), '')
      <> printf('[%s]', replace(coalesce(j.value, 'null'), ' ', ''));
END;

-- tablao_note_replaced: called before a row of table_name is written, with
-- whether its key is taken. Only a REPLACE gets to the AFTER trigger past a
-- taken key, and by then it has deleted that row without a word to what hangs
-- on it; so the AFTER trigger refuses when the note is there. Upserts and OR
-- IGNORE do not get there, and leave a note that the next row takes away.
CREATE VIEW tablao_note_replaced (table_name, is_taken) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_note_replaced_insert INSTEAD OF INSERT ON tablao_note_replaced
WHEN NEW.is_taken
  OR NEW.table_name IN (SELECT table_name FROM tablao_replaced)
BEGIN
  INSERT INTO tablao_replaced (table_name) VALUES (NEW.table_name) ON CONFLICT DO NOTHING;
  DELETE FROM tablao_replaced WHERE table_name = NEW.table_name AND NEW.is_taken IS NOT TRUE;
END;
