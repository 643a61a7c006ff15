"""DuckDB and ClickHouse (chdb), as a responder would set them up. compare.py runs this in an environment that has them:

peers.py load ENGINE STORE GLOB OBJECT_BYTES    loads a delivery; prints one line of JSON
peers.py ask ENGINE STORE                       answers SQL: a JSON line {"sql": ...} in, a JSON line out
"""

import json
import os
import sys
import time

CORES = len(os.sched_getaffinity(0))

# The record as a type: what investigations ask for in columns of its own, the service's own objects as JSON.
DUCKDB_RECORD = """STRUCT(
  eventTime TIMESTAMP, eventSource VARCHAR, eventName VARCHAR, awsRegion VARCHAR, sourceIPAddress VARCHAR,
  userAgent VARCHAR, errorCode VARCHAR, errorMessage VARCHAR, requestParameters JSON, responseElements JSON,
  additionalEventData JSON, requestID VARCHAR, eventID VARCHAR, eventType VARCHAR, eventCategory VARCHAR,
  readOnly BOOLEAN, managementEvent BOOLEAN, recipientAccountId VARCHAR, sharedEventID VARCHAR,
  resources STRUCT(ARN VARCHAR, accountId VARCHAR, type VARCHAR)[],
  userIdentity STRUCT(type VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, accessKeyId VARCHAR,
    userName VARCHAR, invokedBy VARCHAR, sessionContext JSON))[]"""

DUCKDB_LOAD = """CREATE TABLE events AS SELECT
  r.eventID AS event_id, r.eventTime AS event_time, r.eventSource AS event_source, r.eventName AS event_name,
  r.awsRegion AS aws_region, r.sourceIPAddress AS source_ip_address, r.userAgent AS user_agent,
  r.errorCode AS error_code, r.errorMessage AS error_message,
  CASE r.userIdentity.type WHEN 'Root' THEN 'root' WHEN 'AssumedRole' THEN split_part(r.userIdentity.principalId, ':', 2)
    ELSE r.userIdentity.userName END AS user_name,
  r.userIdentity.type AS identity_type, r.userIdentity.arn AS arn, r.userIdentity.principalId AS principal_id,
  r.userIdentity.accountId AS account_id, r.userIdentity.accessKeyId AS access_key_id,
  r.userIdentity.invokedBy AS invoked_by, r.userIdentity.sessionContext AS session_context,
  r.requestParameters AS request_parameters, r.responseElements AS response_elements,
  r.additionalEventData AS additional_event_data, r.requestID AS request_id, r.eventType AS event_type,
  r.eventCategory AS event_category, r.readOnly AS read_only, r.managementEvent AS management_event,
  r.recipientAccountId AS recipient_account_id, r.sharedEventID AS shared_event_id,
  CAST(r.resources AS VARCHAR) AS resources, list_transform(r.resources, lambda x: x.ARN) AS resource_arns
FROM (SELECT unnest(Records) AS r FROM read_json('{glob}', format='unstructured', compression='gzip',
  maximum_object_size={object_bytes}, columns={{'Records': '{record}'}}))"""

# Seven columns and the raw record; each record is parsed once. A file that is one object of more than 512 MiB is refused;
# with that limit raised (input_format_json_max_object_size) a million records in one file took more than 21 GiB. The wide table adds what the questions need too, so that
# ClickHouse does not have to read it from the record.
CLICKHOUSE_COLUMNS = [
    ("event_time", "DateTime", "parseDateTimeBestEffort(t.eventTime)"),
    ("event_name", "LowCardinality(String)", "t.eventName"),
    ("event_source", "LowCardinality(String)", "t.eventSource"),
    (
        "user_name", "String",
        "multiIf(t.userIdentity.type = 'Root', 'root', t.userIdentity.type = 'AssumedRole',"
        " substring(t.userIdentity.principalId, position(t.userIdentity.principalId, ':') + 1), t.userIdentity.userName)",
    ),
    ("source_ip_address", "String", "t.sourceIPAddress"),
    ("access_key_id", "String", "t.userIdentity.accessKeyId"),
    ("error_code", "LowCardinality(String)", "t.errorCode"),
    ("record", "String", "r"),
]
CLICKHOUSE_WIDE = CLICKHOUSE_COLUMNS + [
    ("event_id", "String", "t.eventID"),
    ("aws_region", "LowCardinality(String)", "t.awsRegion"),
    ("user_agent", "LowCardinality(String)", "t.userAgent"),
    ("arn", "String", "t.userIdentity.arn"),
    ("recipient_account_id", "LowCardinality(String)", "t.recipientAccountId"),
    ("resource_arns", "Array(String)", "t.resources.ARN"),
]
# The work of trailq's import: the same columns, everything compressed with ZSTD, and the indexes by which trailq finds a
# value or a text: Bloom filters of ids, names and addresses, and of the 5-grams of 256 records.
CLICKHOUSE_INDEXES = [
    *[f"INDEX of_{name} {name} TYPE bloom_filter GRANULARITY 1" for name in
      ("event_id", "event_name", "user_name", "source_ip_address", "access_key_id", "error_code", "arn", "resource_arns")],
    "INDEX of_record record TYPE ngrambf_v1(5, 65536, 2, 0) GRANULARITY 1",
]
CLICKHOUSE_RECORD = (
    "Tuple(eventTime String, eventName String, eventSource String, sourceIPAddress String, errorCode String,"
    " userIdentity Tuple(type String, principalId String, userName String, accessKeyId String{arn}){wide})"
)
CLICKHOUSE_LOAD = """INSERT INTO case.events SELECT {values}
FROM (SELECT r, JSONExtract(r, '{record}') AS t
  FROM (SELECT arrayJoin(JSONExtractArrayRaw(json, 'Records')) AS r FROM file('{glob}', 'JSONAsString', 'json String')))
SETTINGS max_threads = {cores}, max_insert_threads = {cores}"""


def duckdb_load_sql(glob, object_bytes):
    return DUCKDB_LOAD.format(glob=glob, object_bytes=object_bytes, record=DUCKDB_RECORD)


def clickhouse_table_sql(wide=False, equal=False):
    codec = " CODEC(ZSTD(1))" if equal else ""
    parts = [f"{name} {kind}{codec}" for name, kind, _ in (CLICKHOUSE_WIDE if wide else CLICKHOUSE_COLUMNS)]
    parts += CLICKHOUSE_INDEXES if equal else []
    settings = " SETTINGS index_granularity = 256" if equal else ""
    return f"CREATE TABLE case.events ({', '.join(parts)}) ENGINE = MergeTree ORDER BY event_time{settings}"


def clickhouse_load_sql(glob, wide=False):
    of_wide = ", eventID String, awsRegion String, userAgent String, recipientAccountId String, resources Nested(ARN String)"
    record = CLICKHOUSE_RECORD.format(arn=", arn String" if wide else "", wide=of_wide if wide else "")
    values = ",\n  ".join(value for _, _, value in (CLICKHOUSE_WIDE if wide else CLICKHOUSE_COLUMNS))
    return CLICKHOUSE_LOAD.format(values=values, record=record, glob=glob, cores=CORES)


class DuckDb:
    """One DuckDB file."""

    def __init__(self, store):
        import duckdb

        self.store = store
        self.connection = duckdb.connect(store)
        self.connection.execute(f"SET threads = {CORES}")
        self.connection.execute("SET preserve_insertion_order = false")

    def load(self, glob, object_bytes):
        self.ask(duckdb_load_sql(glob, object_bytes))

    def ask(self, sql):
        return self.connection.execute(sql).fetchall()

    def rows(self, answer):
        return answer

    def without_duplicates(self):
        """A table of the same columns in which each event is once; for comparing answers."""
        self.ask("CREATE OR REPLACE TEMP TABLE kept AS SELECT min(rowid) AS kept FROM events GROUP BY event_id")
        self.ask("CREATE OR REPLACE TEMP VIEW once AS SELECT * FROM events WHERE rowid IN (SELECT kept FROM kept)")

    def close(self):
        self.connection.close()


class ClickHouse:
    """One folder of ClickHouse, in this process."""

    def __init__(self, store, wide=False, equal=False):
        from chdb import session

        self.session = session.Session(store)
        self.wide, self.equal = wide, equal

    def load(self, glob, _object_bytes):
        self.ask("CREATE DATABASE case ENGINE = Atomic")
        self.ask(clickhouse_table_sql(self.wide, self.equal))
        self.ask(clickhouse_load_sql(glob, self.wide))

    def ask(self, sql):
        sql = sql.replace(" FROM events", " FROM case.events").replace(" FROM once", " FROM case.once")
        return self.session.query(sql, "JSONCompactEachRow").bytes()

    def rows(self, answer):
        return [json.loads(line) for line in answer.splitlines()]

    def without_duplicates(self):
        self.ask("DROP TABLE IF EXISTS case.once")
        self.ask("CREATE TABLE case.once ENGINE = MergeTree ORDER BY event_time AS SELECT * FROM events LIMIT 1 BY event_id")

    def close(self):
        self.session.close()


ENGINES = {
    "duckdb": DuckDb,
    "clickhouse": ClickHouse,
    "clickhouse-wide": lambda store: ClickHouse(store, wide=True),
    "clickhouse-equal": lambda store: ClickHouse(store, wide=True, equal=True),
}


def load(engine, store, glob, object_bytes):
    started = time.perf_counter()
    peer = ENGINES[engine](store)
    peer.load(glob, int(object_bytes))
    rows = peer.rows(peer.ask("SELECT count(*) FROM events"))[0][0]
    peer.close()
    print(json.dumps({"seconds": time.perf_counter() - started, "rows": int(rows)}))


def ask(engine, store):
    peer = ENGINES[engine](store)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request.get("prepare"):
                peer.without_duplicates()
                answer = {}
            else:
                started = time.perf_counter()
                fetched = peer.ask(request["sql"])
                answer = {"seconds": time.perf_counter() - started, "rows": peer.rows(fetched)}
        except Exception as error:  # The engines' errors have no common base; each is told to compare.py.
            answer = {"error": str(error)}
        print(json.dumps(answer, default=str), flush=True)
    peer.close()


if __name__ == "__main__":
    {"load": load, "ask": ask}[sys.argv[1]](*sys.argv[2:])
