-- title: What could not be imported, and why
-- about: Files and records that were rejected, by reason, with an example, and fields that could not be read.
--   Rejected records are in no other answer.
-- columns: kind (record or field), reason, times, example (file and line)
-- see: AWS CloudTrail User Guide, CloudTrail record contents
SELECT 'record' AS kind,
       CASE WHEN instr(r.reason, ' at byte ') > 0 THEN substr(r.reason, 1, instr(r.reason, ' at byte ') - 1) ELSE r.reason END AS reason,
       count(*) AS times, min(f.path || ifnull('!' || r.member, '') || ':' || r.line) AS example
  FROM rejects r
  JOIN files f ON f.id = r.file_id
 GROUP BY 2
 UNION ALL
SELECT 'field', p.field || ': ' || p.problem, sum(p.events), min(f.path)
  FROM field_problems p
  JOIN files f ON f.id = p.file_id
 GROUP BY 2
 ORDER BY 1 DESC, 3 DESC, 2;
