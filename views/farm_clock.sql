-- The farm's clock: one row, the time now as text in UTC, in the form in which
-- times are stored. The setting `clock` pins it; else it is the wall clock.
-- Nothing else in the schema asks the wall clock what time it is.
CREATE VIEW farm_clock (now) AS
SELECT coalesce(
  (SELECT s.value FROM farm_settings s WHERE s.name = 'clock'),
  strftime('%Y-%m-%d %H:%M:%f+00:00')
);
