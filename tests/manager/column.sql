ALTER TABLE workers ADD COLUMN unclean_signons integer DEFAULT 0 NOT NULL;
ALTER TABLE jobs ADD COLUMN label varchar(64) DEFAULT '' NOT NULL;
UPDATE jobs SET label = 'old';
