-- title: Principals whose calls fail most
-- about: The share of each principal's calls that fail or are denied. A working program rarely fails; a stolen key,
--   or a tool that tries everything, often does.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: calls integer = 20: the least number of calls
-- param: percent integer = 20: the least percentage of failed calls
-- columns: principal, account, calls, denied, errors, percent, top_error, first_time, last_time
-- attack: T1580
-- see: AWS CloudTrail User Guide, CloudTrail record contents (errorCode)
-- slow: it reads every event of the case; a period makes it quick
WITH per_error AS MATERIALIZED (
  SELECT e.identity_id, e.error_code, e.outcome, count(*) AS calls, min(e.time) AS first, max(e.time) AS last
    FROM events e
   WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
   GROUP BY 1, 2, 3),
per_principal AS MATERIALIZED (
  SELECT p.identity_id, sum(p.calls) AS calls, sum(CASE WHEN p.outcome = 'denied' THEN p.calls ELSE 0 END) AS denied,
         sum(CASE WHEN p.outcome = 'error' THEN p.calls ELSE 0 END) AS errors,
         100 * sum(CASE WHEN p.outcome <> 'ok' THEN p.calls ELSE 0 END) / sum(p.calls) AS percent,
         min(p.first) AS first, max(p.last) AS last
    FROM per_error p
   GROUP BY p.identity_id
  HAVING sum(p.calls) >= :calls
     AND 100 * sum(CASE WHEN p.outcome <> 'ok' THEN p.calls ELSE 0 END) / sum(p.calls) >= :percent),
ranked AS (
  SELECT t.identity_id, t.error_code, row_number() OVER (PARTITION BY t.identity_id ORDER BY t.calls DESC, t.error_code) AS place
    FROM per_error t
   WHERE t.error_code IS NOT NULL)
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, i.account_id AS account, p.calls, p.denied, p.errors,
       p.percent, r.error_code AS top_error, strftime('%Y-%m-%dT%H:%M:%SZ', p.first, 'unixepoch') AS first_time,
       strftime('%Y-%m-%dT%H:%M:%SZ', p.last, 'unixepoch') AS last_time
  FROM per_principal p
  LEFT JOIN identities i ON i.id = p.identity_id
  LEFT JOIN ranked r ON r.identity_id IS p.identity_id AND r.place = 1
 ORDER BY percent DESC, calls DESC, principal;
