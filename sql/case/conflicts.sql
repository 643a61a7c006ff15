-- title: Records with the same event id and another content
-- about: Each conflict with the event that was kept and the other record. Records that differ in more than order were
--   damaged by a pipeline, or changed by somebody.
-- columns: event_id*, event_time*, event_name, kept_from*, other_from*, kept_bytes, other_bytes, other_record* (its first
--   200 characters)
-- attack: T1565.001
-- see: AWS CloudTrail User Guide, CloudTrail record contents
SELECT c.event_id, e.event_time, e.event_name, k.path AS kept_from, o.path AS other_from, length(record(e.id)) AS kept_bytes,
       length(c.record) AS other_bytes, substr(c.record, 1, 200) AS other_record
  FROM conflicts c
  LEFT JOIN events e ON e.event_id = c.event_id
  LEFT JOIN files k ON k.id = e.file_id
  LEFT JOIN files o ON o.id = c.file_id
 ORDER BY e.time, c.event_id;
