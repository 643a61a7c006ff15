-- title: Sessions that an identity provider opened
-- about: AssumeRoleWithSAML and AssumeRoleWithWebIdentity by provider, subject and role. An unknown provider, or a
--   subject that should not have the role, is access that no list of IAM users shows.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_name*, provider, subject*, role*, outcome*, sessions*, first_time*, last_time, addresses (how many),
--   example_event
-- attack: T1550.001, T1606.002
-- see: AWS Security Token Service API Reference, AssumeRoleWithSAML; AWS Security Token Service API Reference,
--   AssumeRoleWithWebIdentity
SELECT e.event_name, i.identity_provider AS provider, coalesce(i.user_name, i.principal_id) AS subject,
       (SELECT coalesce(r.arn, r.name) FROM event_resources er JOIN resources r ON r.id = er.resource
         WHERE er.event = e.id AND r.type = 'AWS::IAM::Role' ORDER BY r.arn IS NULL LIMIT 1) AS role,
       e.outcome, count(*) AS sessions, min(e.event_time) AS first_time, max(e.event_time) AS last_time,
       count(DISTINCT e.source_ip_address) AS addresses, min(e.event_id) AS example_event
  FROM events e
  LEFT JOIN identities i ON i.id = e.identity_id
 WHERE e.event_name IN ('AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity')
   AND e.time BETWEEN ifnull(unixepoch(:since), 0) AND ifnull(unixepoch(:until), 9e9)
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY sessions DESC, provider, subject, role, e.outcome;
