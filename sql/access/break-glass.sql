-- title: Use of break-glass users and roles
-- about: Each session of a user or role with an emergency-access name: its span, its addresses and its changes.
--   Emergency access belongs to emergencies, so compare each session with its ticket.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- param: names list = break-glass,breakglass,break_glass,emergency: texts in the name of the user or role, in any
--   case
-- columns: principal*, account, first_time, last_time, events*, changes* (events that are not read-only), denied*,
--   addresses, mfa*
-- attack: T1078.004
-- see: AWS Well-Architected Framework, Security Pillar, SEC03-BP03 Establish emergency access process
-- level: high
WITH named AS MATERIALIZED (
  SELECT DISTINCT i.*
    FROM identities i, json_each(:names) n
   WHERE instr(lower(i.role_name), lower(n.value)) OR (i.type = 'IAMUser' AND instr(lower(i.user_name), lower(n.value))))
SELECT coalesce(i.arn, i.user_name, i.invoked_by, i.principal_id) AS principal, i.account_id AS account, min(e.event_time) AS first_time,
       max(e.event_time) AS last_time, count(*) AS events, sum(e.read_only IS NOT 1) AS changes,
       sum(e.outcome = 'denied') AS denied, group_concat(DISTINCT e.source_ip_address) AS addresses,
       CASE max(e.mfa_authenticated) WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa
  FROM named i
 CROSS JOIN events e ON e.identity_id = i.id
 WHERE e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY i.id
 ORDER BY first_time, principal;
