"""Asks the same lookups of trailq and of other engines, row by row and in order.

    python3 tests/engines.py prepare                  makes an environment with DuckDB, ClickHouse (chdb) and Spark, prints
                                                      its python; exits with 3 where that is not possible, and says why
    PYTHON tests/engines.py check PROGRAM CASE LOOKUPS ENGINE...
                                                      LOOKUPS: files, with commas between them, that have
                                                      one lookup a line; lines that begin with # are
                                                      comments, `# differs: CLASS` before a lookup allows another
                                                      answer, and ␤ is a line break

The environment is made once, outside the project: in $TRAILQ_ENGINES, else in the user's cache.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from python_environment import prepare

REQUIREMENTS = ["duckdb==2.0.1", "chdb==4.4.0", "pyspark==4.3.0", "pyarrow==26.0.1"]
FLAGS = {"read_only", "management_event", "mfa_authenticated", "from_console"}
LONGS = {"time", "bytes_in", "bytes_out"}
RESOURCE = ["type", "name", "arn", "account_id", "aws_region", "listed"]
EVENTS = """
    SELECT h.*, e.time, record(e.id) AS record,
           (SELECT json_group_array(json_array(r.type, r.name, r.arn, r.account_id, r.aws_region, er.listed))
              FROM event_resources er JOIN resources r ON r.id = er.resource WHERE er.event = e.id) AS named
      FROM event_history h JOIN events e ON e.id = h.id ORDER BY e.time, e.event_id"""


def trailq(program, case, *arguments):
    done = subprocess.run([program, "--db", case, "-q", *arguments], capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def address_key(text):
    """The address as it sorts: nothing for the name of a service, and for what Rust does not read as an address."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    if getattr(address, "scope_id", None):
        return None
    return f"{address.version}:{int(address):0{8 if address.version == 4 else 32}x}"


def make_table(program, case, folder):
    """Writes the table `events` of a case as Parquet, partitioned by date."""
    import pyarrow
    import pyarrow.dataset

    code, out, err = trailq(program, case, "--format", "ndjson", "sql", EVENTS)
    assert code == 0, err
    rows = []
    for row in map(json.loads, out.splitlines()):
        named = row.pop("named")
        named = json.loads(named) if isinstance(named, str) else named
        row["resources"] = [dict(zip(RESOURCE, [*resource[:5], bool(resource[5])])) for resource in named]
        row.pop("id")
        for flag in FLAGS:
            row[flag] = {"true": True, "false": False, None: None}[row[flag]]
        for number in ("bytes_in", "bytes_out"):
            row[number] = None if row[number] is None else int(row[number])
        record = row["record"]
        row["record"] = record if isinstance(record, str) else json.dumps(record)
        row["source_ip_key"] = address_key(row["source_ip_address"])
        row["leaves"] = 0
        day = row["event_time"] if row["time"] is not None else None
        row["event_date"] = day[:10] if day else None
        rows.append(row)
    text = pyarrow.string()
    resource = pyarrow.struct([(name, pyarrow.bool_() if name == "listed" else text) for name in RESOURCE])

    def kind(name):
        if name in FLAGS:
            return pyarrow.bool_()
        if name in LONGS:
            return pyarrow.int64()
        return {"leaves": pyarrow.int32(), "resources": pyarrow.list_(resource)}.get(name, text)

    schema = pyarrow.schema([(name, kind(name)) for name in rows[0]])
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    pyarrow.dataset.write_dataset(
        table,
        folder,
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(pyarrow.schema([("event_date", text)]), flavor="hive"),
        max_partitions=100_000,
    )
    return len(rows)


class DuckDb:
    threads = 1

    def __init__(self, definition):
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute(definition)

    def ask(self, statement):
        answer = self.connection.execute(statement)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row)) for row in answer.fetchall()]


class ClickHouse:
    threads = 1

    def __init__(self, definition):
        from chdb.session import Session

        self.session = Session()
        self.session.query("CREATE DATABASE IF NOT EXISTS asked")
        self.session.query("USE asked")
        self.session.query(definition)

    def ask(self, statement):
        answer = self.session.query(statement + "\nFORMAT JSONCompactEachRowWithNames", "JSONCompactEachRowWithNames")
        lines = [json.loads(line) for line in str(answer).splitlines()]
        return [dict(zip(lines[0], row)) for row in lines[1:]]


class Spark:
    # Most of its time is planning, which one thread does.
    threads = 2

    def __init__(self, definition):
        from pyspark.sql import SparkSession

        folder = tempfile.mkdtemp()
        builder = SparkSession.builder.master("local[2]").appName("trailq")
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            # So few rows are faster without compiled code.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": folder,
            "spark.sql.files.openCostInBytes": "0",
            "spark.driver.memory": "2g",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.log.level": "ERROR",
            "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Djava.io.tmpdir={folder}",
        }.items():
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()
        self.spark.sql(definition)
        # Without a catalog that keeps them, the partitions are found when they are asked for.
        self.spark.catalog.recoverPartitions("events")

    def ask(self, statement):
        return [row.asDict(recursive=True) for row in self.spark.sql(statement).collect()]


ENGINES = {"duckdb": DuckDb, "clickhouse": ClickHouse, "spark": Spark}


def plain(value):
    """A cell as text, JSON in one spelling."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = str(value)
    if text[:1] in "[{":
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)
        except ValueError:
            pass
    return text


def rows_of(rows):
    return [{name: plain(value) for name, value in row.items() if name != "id"} for row in rows]


def read_lookups(paths):
    lookups, allowed = [], None
    lines = [line for path in paths.split(",") for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line.startswith("# differs: "):
            allowed = line.removeprefix("# differs: ")
        elif line.strip() and not line.startswith("#"):
            lookups.append((line.replace("␤", "\n"), allowed))
            allowed = None
    return lookups


def first_difference(wanted, found):
    for at, (one, other) in enumerate(zip(wanted, found)):
        if one != other:
            names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
            return f"row {at}: " + "; ".join(f"{name}: {one.get(name)!r} <> {other.get(name)!r}" for name in names[:4])
    return f"{len(wanted)} rows <> {len(found)} rows"


def check(program, case, lookups, *engines):
    lookups = read_lookups(lookups)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        events = make_table(program, case, folder)

        def answer(lookup):
            code, out, err = trailq(program, case, "--format", "ndjson", "lookup", "--", lookup)
            assert code == 0, f"{lookup}: {err}"
            return rows_of(map(json.loads, out.splitlines()))

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            wanted = list(pool.map(answer, [lookup for lookup, _ in lookups]))
        empty = [lookup for (lookup, _), rows in zip(lookups, wanted) if not rows]
        print(f"{events} events, {len(lookups)} lookups, {len(empty)} of them without an answer: {empty}", flush=True)
        for name in engines:
            began = time.monotonic()
            code, definition, err = trailq(program, case, "lookup", "--for", name, "--ddl", "--location", folder)
            assert code == 0, err
            engine = ENGINES[name](definition)
            same = differs = 0
            slow = []
            statements = []
            for lookup, _ in lookups:
                code, statement, err = trailq(program, case, "lookup", "--for", name, "--", lookup)
                assert code == 0, f"{name}: {lookup}: {err}"
                statements.append(statement)

            def ask(statement):
                asked = time.monotonic()
                try:
                    return rows_of(engine.ask(statement)), None, time.monotonic() - asked
                except Exception as error:  # noqa: BLE001: every engine has errors of its own
                    return None, f"{type(error).__name__}: {str(error)[:1000]}", 0

            with concurrent.futures.ThreadPoolExecutor(engine.threads) as pool:
                answers = list(pool.map(ask, statements))
            for (lookup, allowed), rows, statement, (found, error, seconds) in zip(lookups, wanted, statements, answers):
                wrong = error or (None if found == rows else first_difference(rows, found))
                slow.append((seconds, lookup))
                if wrong is None:
                    same += 1
                elif allowed is not None and error is None:
                    differs += 1
                    print(f"{name}: differs, as documented ({allowed}): {lookup}: {wrong}")
                else:
                    failed += 1
                    print(f"{name}: DIFFERS: {lookup}\n    {wrong}", flush=True)
                    if os.environ.get("TRAILQ_SHOW_STATEMENTS"):
                        print(statement)
            slowest = ", ".join(f"{seconds:.1f} s {lookup}" for seconds, lookup in sorted(slow, reverse=True)[:3])
            took = time.monotonic() - began
            print(f"{name}: {same} same, {differs} differ as documented, {failed} fail in all; {took:.0f} s; slowest {slowest}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(prepare("engines", REQUIREMENTS, "DuckDB, chdb and PySpark") if sys.argv[1] == "prepare" else check(*sys.argv[2:]))
