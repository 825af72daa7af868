CREATE VIEW farm_clock (now) AS
-- The farm's clock: one row, the time now as text in UTC, in the form in which
-- times are stored. The setting `clock` pins it; else it is the wall clock.
-- Nothing else in the schema asks the wall clock what time it is.
SELECT coalesce(s.value, strftime('%Y-%m-%d %H:%M:%f+00:00'))
FROM farm_settings s
WHERE s.name = 'clock';

CREATE VIEW tablao_settings (name, value) AS
-- What each setting is: its row in farm_settings, else its default.
SELECT d.name, coalesce(s.value, d.value)
FROM tablao_setting_defaults d
LEFT JOIN farm_settings s ON s.name = d.name;
