-- What the rules of several tables ask: is this a time, JSON, a REPLACE?

-- Doors that refuse: an INSERT of a value that breaks a rule raises an error,
-- any other does nothing.

-- tablao_times: takes a time as a client wrote it, in any of the forms of
-- docs/rules.md, "Times", and leaves the stored form in row n of tablao_written_times,
-- NULL for '' and NULL. A fraction is cut, not rounded: SQLite's date functions would
-- round .9995 up to the next second, so they are shown a 0 in place of a leading 9.
-- With 0 days added, the 30th of February comes back as the 2nd of March, and is found
-- out.
-- SQLite 3.37 may give back another millisecond than it was given. So a time that a
-- trigger sends here because of strftime('%f') may be in the stored form already;
-- where that would matter, triggers compare seconds and milliseconds instead.
CREATE VIEW tablao_times (n, value) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_times_insert INSTEAD OF INSERT ON tablao_times
BEGIN
  UPDATE tablao_written_times SET value = coalesce(
    CASE
      -- With hours and minutes, since SQLite takes 24:59 for the hour after midnight;
      -- not in year 0, from which an offset may lead to a year before it.
      WHEN substr(NEW.value, 1, 10) = date(substr(NEW.value, 1, 16), '+0 days') AND NEW.value > '0001'
      THEN strftime(
        printf('%%Y-%%m-%%d %%H:%%M:%%S.%03.0f+00:00', 1000 * ('0' || substr(NEW.value, 20, 4))),
        coalesce(
          datetime(replace(replace(NEW.value, '.9', '.0'), ' UTC', '')),
          -- Go writes an offset without a colon, then the zone's name and more.
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
  -- What is in the row has that form already; mostly it is NULL, and so is the time.
  WHERE n = NEW.n AND value IS NOT NEW.value;
END;

-- tablao_assert_json: refuses TEXT or a BLOB that is not JSON as in RFC 8259. rule:
-- the column and the types that the root may have; NULL for a document, whose root may
-- be anything. What does not parse SQLite refuses itself: "malformed JSON". Only
-- json_tree and json_each are used, since SQLite 3.38 to 3.40 refuse all other JSON
-- functions in a schema that is not trusted. They stop at a zero byte, whatever
-- follows.
-- From 3.42 on SQLite also reads JSON5, which few others do. It is recognized by what
-- SQLite gives back: values come back as JSON, and what was JSON before comes back
-- unchanged, except for white space. (Strings and numbers come back as SQL values, and
-- are refused elsewhere; NaN comes back as null.) Before 3.42 everything comes back
-- unchanged, so the version need not be asked for: hosts like Cloudflare's D1 refuse
-- whatever calls sqlite_version().
-- CAST reads a BLOB that a client has bound as UTF-8, and a stored one in the encoding
-- of the database, which may be UTF-16; || reads both in that encoding.
CREATE VIEW tablao_assert_json (value, rule) AS
SELECT NULL, NULL WHERE 0;

CREATE TRIGGER tablao_assert_json_insert INSTEAD OF INSERT ON tablao_assert_json
-- The default commands of a task are not looked at: that is a tenth of its INSERT.
WHEN NEW.value || NEW.rule IS NOT '[]commands array null'
BEGIN
  -- The lower half of JSONB's first byte says array or object.
  SELECT RAISE(ABORT, 'tablao: settings, metadata, commands and documents must be JSON as text, not JSONB: write json(...) in place of jsonb(...)')
  -- quote() writes a BLOB as X'..'; 7B is an opening brace.
  WHERE replace(quote(substr(NEW.value, 1, 1)), '7B', '') GLOB 'X''[0-46-9A-F][BC]''';
  -- If there are characters that are not ASCII: does each of them, encoded again,
  -- give the bytes that it has? There are some if instr(), which counts only bytes
  -- that begin a character, gives less than the number of bytes; or if a byte without
  -- the rest of its character reads as U+FFFD. The text is halved again and again,
  -- since each step copies what is left, and SQLite finds a character by counting.
  -- U+FFFE and U+FFFF are read as another character though their bytes are right.
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
  -- j.json is what json_each was given, j.value what SQLite has read.
  FROM json_each(printf('[%s]', ltrim(NEW.value, char(65279)))) j
  WHERE j.key = 0
    AND instr('object array null', j.type)
    -- What SQLite has read has white space in strings only.
    AND replace(replace(replace(replace(j.json, ' ', ''), char(9), ''), char(10), ''), char(13), '')
      <> printf('[%s]', replace(coalesce(j.value, 'null'), ' ', ''));
END;

-- tablao_note_replaced: notes, before a row of table_name is written, that another has a
-- key of it. Only a REPLACE reaches the AFTER trigger then, and it has deleted the
-- other row without a word to what hangs on that. So the AFTER trigger refuses if the
-- note is there. Upserts and OR IGNORE do not get that far, and leave a note that the
-- next such row takes away. Since a user's trigger may use them, or write other rows, before
-- our AFTER trigger runs, the note is what tells this row from others: key. taken: the same;
-- NULL if no key is taken. (A default is worked out once, so both triggers see the same
-- uuid; but NULL may become one in between.) Who uses it does not name its columns, as with
-- tablao_events.
CREATE VIEW tablao_note_replaced (table_name, key, taken) AS
SELECT NULL, NULL, NULL WHERE 0;

CREATE TRIGGER tablao_note_replaced_insert INSTEAD OF INSERT ON tablao_note_replaced
BEGIN
  UPDATE tablao_replaced SET key = NEW.taken
  WHERE table_name = NEW.table_name AND (key = NEW.key OR NEW.taken IS NOT NULL);
END;
