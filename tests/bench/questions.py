"""The questions of an investigation, each as one would type it: a lookup or SQL for trailq, SQL for the peers."""

from dataclasses import dataclass
from datetime import date

# What the peers show of an event, as a lookup's list does.
SHOWN = "event_time, event_name, event_source, user_name, aws_region, source_ip_address, error_code"


@dataclass
class Question:
    """`kind` names the target (see compare.py); `where` or `sql` is asked of both peers, unless an own one is given."""

    name: str
    kind: str
    trailq: str
    where: str = ""
    sql: str = ""
    duckdb: str = ""
    clickhouse: str = ""

    @property
    def is_list(self):
        return not self.sql

    def peer_sql(self, engine, table="events"):
        if self.sql:
            return self.sql.replace("{events}", table)
        return f"SELECT {SHOWN} FROM {table} WHERE {self.peer_where(engine)} ORDER BY event_time DESC LIMIT 50"

    def peer_where(self, engine):
        return getattr(self, engine) or self.where


# The values that are asked for, each with the SQL that picks it from the case: of middling frequency, the same for the
# same delivery.
VALUES = {
    "user": "SELECT user_name FROM events WHERE user_name IS NOT NULL GROUP BY 1 ORDER BY abs(count(*) - 2000), 1 LIMIT 1",
    "key": "SELECT access_key_id FROM events WHERE access_key_id LIKE 'ASIA%' GROUP BY 1"
    " ORDER BY abs(count(*) - 200), 1 LIMIT 1",
    "ip": "SELECT source_ip_address FROM events WHERE source_ip_address LIKE '%.%.%.%' AND source_ip_address GLOB '[0-9]*'"
    " GROUP BY 1 ORDER BY abs(count(*) - 500), 1 LIMIT 1",
    "resource": "SELECT arn FROM resources WHERE arn LIKE 'arn:aws:ecr:%' ORDER BY abs(events - 100), arn LIMIT 1",
    "event_id": "SELECT event_id FROM events ORDER BY event_id LIMIT 1",
    "first_day": "SELECT substr(min(event_time), 1, 10) FROM events",
    "last_day": "SELECT substr(max(event_time), 1, 10) FROM events",
    "pair": "SELECT user_name || '|' || event_name FROM events WHERE user_name IS NOT NULL GROUP BY user_name, event_name"
    " ORDER BY abs(count(*) - 300), 1 LIMIT 1",
    "denied_name": "SELECT event_name FROM events WHERE error_code = 'AccessDenied' GROUP BY 1"
    " ORDER BY count(*) DESC, 1 LIMIT 1",
    "arn": "SELECT i.arn FROM events e JOIN identities i ON i.id = e.identity_id WHERE i.arn IS NOT NULL GROUP BY 1"
    " ORDER BY count(DISTINCT e.user_agent_id) DESC, count(*), 1 LIMIT 1",
    "rare": "SELECT name FROM resources WHERE name GLOB 'i-0*' GROUP BY 1 ORDER BY abs(sum(events) - 5), 1 LIMIT 1",
    "bucket": "SELECT bucket FROM (SELECT record(id) ->> '$.requestParameters.bucketName' AS bucket FROM events"
    " WHERE event_name = 'PutObject' LIMIT 3000) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
}

# Wherever a text may stand in a record, for DuckDB, which holds the record in columns.
TEXTS = (
    "request_parameters", "response_elements", "additional_event_data", "error_message", "arn", "principal_id",
    "user_agent", "source_ip_address", "access_key_id", "resources",
)


def anywhere(text):
    return "(" + " OR ".join(f"{column} LIKE '%{text}%'" for column in TEXTS) + ")"


def questions(v):
    """The list, with the values of a case."""
    user, name = v["pair"].split("|")
    # The middle third of the case's days.
    first, last = (date.fromisoformat(v[day]) for day in ("first_day", "last_day"))
    third = (last - first) / 3
    since, until = first + third, last - third
    network = ".".join(v["ip"].split(".")[:2])

    def counts(what, where="", order="2 DESC"):
        by = ", ".join(str(column + 1) for column in range(len(what.split(","))))
        return f"SELECT {what}, count(*) AS n FROM {{events}} {where} GROUP BY {by} ORDER BY {order}"

    hour = "SELECT date_trunc('hour', event_time) AS hour, count(*) AS n FROM {events} %s GROUP BY 1 ORDER BY 1"
    return [
        Question("newest 50 by event name", "lookup", "event-name=RunInstances", "event_name = 'RunInstances'"),
        Question("newest 50 by user", "lookup", f"user={v['user']}", f"user_name = '{v['user']}'"),
        Question("newest 50 by access key", "lookup", f"key={v['key']}", f"access_key_id = '{v['key']}'"),
        Question("newest 50 by source address", "lookup", f"ip={v['ip']}", f"source_ip_address = '{v['ip']}'"),
        Question("newest 50 by CIDR", "lookup", f"ip={network}.0.0/16", f"source_ip_address LIKE '{network}.%'"),
        Question(
            "newest 50 by resource", "lookup", f"resource={v['resource']}",
            duckdb=f"list_contains(resource_arns, '{v['resource']}')",
            clickhouse=f"has(resource_arns, '{v['resource']}')",
        ),
        Question("by event id", "lookup", f"event-id={v['event_id']}", f"event_id = '{v['event_id']}'"),
        Question("newest 50 by error with wildcard", "lookup", "error=*Unauthorized*", "error_code LIKE '%Unauthorized%'"),
        Question(
            "two attributes and a time range", "lookup",
            f"user={user} event-name={name} since={since} until={until}",
            f"user_name = '{user}' AND event_name = '{name}'"
            f" AND event_time >= '{since} 00:00:00' AND event_time <= '{until} 23:59:59'",
        ),
        Question("count by event name", "count", "| count by event-name", sql=counts("event_name")),
        Question(
            "count by source and name", "count", "| count by source,event-name",
            sql=counts("event_source, event_name", order="3 DESC"),
        ),
        Question("top 20 users", "count", "| top 20 user", sql=counts("user_name") + " LIMIT 20"),
        Question(
            f"top users of {v['denied_name']} with AccessDenied", "count",
            f"event-name={v['denied_name']} error=AccessDenied | top 20 user",
            sql=counts("user_name", f"WHERE event_name = '{v['denied_name']}' AND error_code = 'AccessDenied'")
            + " LIMIT 20",
        ),
        Question("timeline by hour of the whole case", "count", "| timeline 1h", sql=hour % ""),
        Question(
            "timeline by hour of one user", "count", f"user={v['user']} | timeline 1h",
            sql=hour % f"WHERE user_name = '{v['user']}'",
        ),
        Question(
            "user agents of one identity", "count", f"arn={v['arn']} | count by user-agent",
            sql=counts("user_agent", f"WHERE arn = '{v['arn']}'"),
        ),
        Question(
            "events by day and region", "count", "| timeline 1d by region",
            sql="SELECT date_trunc('day', event_time) AS day, aws_region, count(*) AS n FROM {events}"
            " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2",
        ),
        Question(
            "events by region and day in SQL", "count",
            "SELECT aws_region, substr(event_time, 1, 10) AS day, count(*) AS n FROM events GROUP BY 1, 2 ORDER BY 1, 2;",
            sql="SELECT aws_region, CAST(event_time AS DATE) AS day, count(*) AS n FROM {events} GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        Question(
            "a rare literal in the record", "rare", f"text={v['rare']}",
            duckdb=anywhere(v["rare"]), clickhouse=f"record LIKE '%{v['rare']}%'",
        ),
        Question(
            "a frequent literal in the record", "frequent", "text=Boto3",
            duckdb=anywhere("Boto3"), clickhouse="record LIKE '%Boto3%'",
        ),
        Question(
            "a JSON path of one event name", "path",
            f"event-name=PutObject requestParameters.bucketName={v['bucket']}",
            duckdb=f"event_name = 'PutObject' AND request_parameters ->> '$.bucketName' = '{v['bucket']}'",
            clickhouse="event_name = 'PutObject'"
            f" AND JSONExtractString(record, 'requestParameters', 'bucketName') = '{v['bucket']}'",
        ),
    ]
