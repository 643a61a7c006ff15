-- What answers a timeline of a whole case, also by Region: hourly_counts has several rows of every hour for each API call
-- (196,146 of 1,000,000 events), and putting them in order took a tenth of a second.

-- How many events happened in each Region in each hour. Derived from hourly_counts and facets.
CREATE TABLE hourly_regions (
    hour       INTEGER NOT NULL,                -- its first second, in Unix seconds
    aws_region TEXT,
    events     INTEGER NOT NULL
) STRICT;
INSERT INTO hourly_regions (hour, aws_region, events)
SELECT h.hour, f.aws_region, sum(h.events) FROM hourly_counts h JOIN facets f ON f.id = h.facet GROUP BY 1, 2;

-- Whatever finishes a case makes the index of the new table. This one was only for such timelines.
DROP INDEX IF EXISTS hourly_counts_by_hour;
