-- title: Sign-ins from an address that is new for the user
-- about: Console sign-ins from an address that the user had not used before in this case, and whether its network
--   (/24, for IPv6 /48) is new too. Addresses change often, networks less so: a new network is worth a call. The
--   first sign-in of each user is excluded, since there is nothing to compare it with.
-- param: since time: at or after this time
-- param: until time: at or before this time
-- columns: event_time*, user_name*, account, source_ip_address*, network, new_network* (1 if the network is new too),
--   earlier_networks (from which this user signed in before), mfa*, event_id
-- attack: T1078.004
-- see: AWS CloudTrail User Guide, AWS Management Console sign-in events
WITH logins AS MATERIALIZED (
  SELECT e.id, e.time, e.event_time, e.event_id, e.user_name, e.recipient_account_id AS account, e.source_ip_address,
         network(e.source_ip_address, 24, 48) AS network, e.mfa_authenticated
    FROM events e
   WHERE e.event_name = 'ConsoleLogin' AND +e.outcome = 'ok' AND e.time <= ifnull(unixepoch(:until), 9e9)),
firsts AS (
  SELECT user_name, account, source_ip_address, network, min(time) AS time, min(id) AS id
    FROM logins GROUP BY 1, 2, 3, 4)
SELECT l.event_time, l.user_name, l.account, l.source_ip_address, l.network,
       NOT EXISTS (SELECT 1 FROM firsts f WHERE f.user_name = l.user_name AND f.account IS l.account
                      AND f.network = l.network AND f.time < l.time) AS new_network,
       (SELECT group_concat(DISTINCT f.network) FROM firsts f WHERE f.user_name = l.user_name
           AND f.account IS l.account AND f.time < l.time) AS earlier_networks,
       CASE l.mfa_authenticated WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END AS mfa, l.event_id
  FROM firsts n
  JOIN logins l ON l.user_name = n.user_name AND l.account IS n.account
               AND l.source_ip_address = n.source_ip_address AND l.time = n.time
 WHERE l.time >= ifnull(unixepoch(:since), 0)
   AND EXISTS (SELECT 1 FROM firsts f WHERE f.user_name = l.user_name AND f.account IS l.account AND f.time < l.time)
 ORDER BY l.time, l.id;
