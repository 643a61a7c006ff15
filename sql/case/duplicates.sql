-- title: Duplicates and conflicts by source of files
-- about: The number of duplicate records by account, Region and kind of file, and how many of them differed. Several
--   trails of one account cause many duplicates; conflicts deserve a look, since the records of one event should be
--   equal.
-- columns: account, aws_region, format, files, records, stored, duplicates, conflicts, replaced (rows of a CSV
--   download that a full record replaced), rejected
-- see: AWS CloudTrail User Guide, Finding your CloudTrail log files
SELECT f.account_id AS account, f.region AS aws_region, f.format, count(*) AS files, sum(f.read) AS records, sum(f.stored) AS stored,
       sum(f.duplicate) AS duplicates, sum(f.conflict) AS conflicts, sum(f.replaced) AS replaced, sum(f.rejected) AS rejected
  FROM files f
 GROUP BY 1, 2, 3
 ORDER BY duplicates DESC, conflicts DESC, account, aws_region;
