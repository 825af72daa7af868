-- The farm's clock: one row, the time now as text in UTC, in the form in which
-- times are stored. The setting `clock` pins it; else it is the wall clock.
-- Besides, only defaults ask the wall clock, and the triggers that put this time in
-- their place.
CREATE VIEW farm_clock (now) AS
-- The + saves an opcode at each use: SQLite clears the subtype of a function's value
-- that comes out of a view.
SELECT +coalesce(value, strftime('%Y-%m-%d %H:%M:%f+00:00'))
FROM farm_settings WHERE name = 'clock';
