-- title: Which kinds of events the case could have, and since when
-- about: Trails record management events by default; data, network activity and Insights events only if selectors include
--   them. For each account the kinds that selectors include or leave out (calls of PutEventSelectors,
--   PutInsightSelectors and CreateTrail), and those of which the case has events. A kind without a row is not known to
--   be recorded: its absence says nothing about what happened.
-- param: account text: only this account
-- param: category text: only this category: Management, Data, NetworkActivity or Insight
-- columns: account*, aws_region (absent: every Region that the trail records), category*, event_source* (absent: any),
--   resource_type (of a data event selector), state* (seen, recorded or not recorded), from_time* (the first event, or when
--   the selectors were set), to_time* (the last event, or when other selectors were set), events, trail, limits (the part
--   that is recorded)
-- see: AWS CloudTrail User Guide, Logging data events
SELECT k.value ->> 'account' AS account, k.value ->> 'aws_region' AS aws_region, k.value ->> 'category' AS category,
       k.value ->> 'event_source' AS event_source, k.value ->> 'resource_type' AS resource_type,
       k.value ->> 'state' AS state, k.value ->> 'from_time' AS from_time, k.value ->> 'to_time' AS to_time,
       k.value ->> 'events' AS events, k.value ->> 'trail' AS trail, k.value ->> 'limits' AS limits
  FROM json_each(visible_kinds()) k
 WHERE (:account IS NULL OR k.value ->> 'account' = :account)
   AND (:category IS NULL OR k.value ->> 'category' = :category);
