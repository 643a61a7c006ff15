-- title: What the case covers: account by account, hour by hour
-- about: For each account, Region and category of events the state of every hour of the account. `none delivered`: the
--   digests of a trail cover the hour and the two hours after it in which CloudTrail may deliver late, and list no file
--   with such an event. `files missing`: a listed file is not in the case, or a delivered one could not be read. `off`:
--   every known trail is stopped or deleted. `not recorded`: every known trail selects other categories. Otherwise the
--   state is `unknown`. Categories of which nothing is known have no rows. Consecutive hours with the same state and
--   reason are one row; `.plot FILE.svg` draws them.
-- param: gaps integer = 0: 1 shows only hours in which the case may lack events
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: account*, aws_region*, category (Management, Data, NetworkActivity or Insight), from_time*, to_time* (exclusive),
--   hours, state* (events, none delivered, files missing, off, not recorded or unknown), events*, missing_files (files that
--   may hold more events of these hours), why, validation (the time of the newest validation that the case keeps, and the
--   digests and log files that it found not valid in these hours and the two after them)
-- attack: T1685.002
-- see: AWS CloudTrail User Guide, CloudTrail digest file structure
SELECT c.value ->> 'account' AS account, c.value ->> 'aws_region' AS aws_region, c.value ->> 'category' AS category,
       c.value ->> 'from_time' AS from_time, c.value ->> 'to_time' AS to_time, c.value ->> 'hours' AS hours,
       c.value ->> 'state' AS state, c.value ->> 'events' AS events, c.value ->> 'missing_files' AS missing_files,
       c.value ->> 'why' AS why, c.value ->> 'validation' AS validation
  FROM json_each(coverage(unixepoch(:since), unixepoch(:until))) c
 WHERE :gaps = 0 OR c.value ->> 'state' NOT IN ('events', 'none delivered');
