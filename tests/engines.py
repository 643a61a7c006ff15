"""Asks the same lookups of trailq and of other engines, row by row and in order.

    python3 tests/engines.py prepare                  makes an environment with DuckDB, ClickHouse (chdb) and Spark, prints
                                                      its python; exits with 3 where that is not possible, and says why
    PYTHON tests/engines.py check PROGRAM CASE LOOKUPS ENGINE...
                                                      LOOKUPS: files, with commas between them, that have
                                                      one lookup a line; lines that begin with # are
                                                      comments, `# differs: CLASS` before a lookup allows another
                                                      answer, and ␤ is a line break
    PYTHON tests/engines.py random PROGRAM CASE LOOKUPS ENGINE...
                                                      the same of lookups that may be refused; numbers in any spelling
    PYTHON tests/engines.py aws PROGRAM CASE LOOKUPS   the same over AWS's own table, emulated in DuckDB, under the view that
                                                      --ddl prints; what is refused has to name the nearest thing
    PYTHON tests/engines.py duplicates PROGRAM CASE BY ENGINE...
                                                      the guide's statement that removes duplicates, over a table of two
                                                      conversions that is partitioned BY these columns
    python3 tests/engines.py grammar PROGRAM LOOKUPS  parses the statements for Trino and Athena by a grammar of Trino's SQL,
                                                      which npm installs; exits with 3 where that is not possible

The environments are made once, outside the project: in $TRAILQ_ENGINES and $TRAILQ_TRINO_GRAMMAR, else in the user's cache.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from python_environment import UNAVAILABLE, prepare

REQUIREMENTS = ["duckdb==2.0.1", "chdb==4.4.0", "pyspark==4.3.0", "pyarrow==26.0.1"]


def trailq(program, case, *arguments):
    done = subprocess.run([program, "--db", case, "-q", *arguments], capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def statement_of(program, case, engine, *arguments):
    """Returns the statement that trailq prints for an engine, which has to be there."""
    code, statement, err = trailq(program, case, "lookup", "--for", engine, *arguments)
    assert code == 0, f"{engine}: {arguments}: {err}"
    return statement


def make_table(program, case, folder):
    """Exports the events of a case as the table `events`, and returns their number."""
    code, out, err = trailq(program, case, "--format", "json", "export", folder)
    assert code == 0, err
    return json.loads(out)["rows"]


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


def report(name, lookup, wrong, statement):
    print(f"{name}: DIFFERS: {lookup}\n    {wrong}", flush=True)
    if os.environ.get("TRAILQ_SHOW_STATEMENTS"):
        print(statement)


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
            engine = ENGINES[name](statement_of(program, case, name, "--ddl", "--location", folder))
            same = differs = 0
            slow = []
            statements = [statement_of(program, case, name, "--", lookup) for lookup, _ in lookups]

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
                    report(name, lookup, wrong, statement)
            slowest = ", ".join(f"{seconds:.1f} s {lookup}" for seconds, lookup in sorted(slow, reverse=True)[:3])
            took = time.monotonic() - began
            print(f"{name}: {same} same, {differs} differ as documented, {failed} fail in all; {took:.0f} s; slowest {slowest}", flush=True)
    return 1 if failed else 0


def respelled(value):
    """A cell whose numbers are in one spelling: engines respell those of records."""
    if isinstance(value, dict):
        return {name: respelled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [respelled(inner) for inner in value]
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.dumps(respelled(json.loads(value)), sort_keys=True)
        except ValueError:
            return value
    try:
        return repr(float(value)) if isinstance(value, str) and set(value) <= set("0123456789.-+eE") else value
    except ValueError:
        return value


def random(program, case, path, *engines):
    failed = 0
    lookups = [lookup for lookup, _ in read_lookups(path)]
    with tempfile.TemporaryDirectory() as folder:
        events = make_table(program, case, folder)
        for name in engines:
            engine = ENGINES[name](statement_of(program, case, name, "--ddl", "--location", folder))
            same = refused = 0
            for lookup in lookups:
                code, out, err = trailq(program, case, "--format", "ndjson", "lookup", "--", lookup)
                if code != 0 and "invalid period" in err:
                    continue
                # No file about addresses is given, and no engine has one.
                needs_file = code != 0
                assert not needs_file or "needs a file about addresses" in err, f"{lookup}: {err}"
                code, statement, err = trailq(program, case, "lookup", "--for", name, "--", lookup)
                if code == 0 and needs_file:
                    # The field orders events that are only counted: there is no answer to compare with.
                    continue
                if code != 0:
                    assert code == 2 and "hint: " in err, f"{lookup}: {err}"
                    refused += 1
                    continue
                wanted = respelled(rows_of(map(json.loads, out.splitlines())))
                try:
                    found = respelled(rows_of(engine.ask(statement)))
                    wrong = None if found == wanted else first_difference(wanted, found)
                except Exception as error:  # noqa: BLE001: every engine has errors of its own
                    wrong = f"{type(error).__name__}: {str(error)[:1000]}"
                if wrong is None:
                    same += 1
                else:
                    failed += 1
                    report(name, lookup, wrong, statement)
            print(f"{name}: {events} events, {same} random lookups same, {refused} refused, {failed} fail in all")
            assert same > len(lookups) // 2, "too few lookups were asked"
    return 1 if failed else 0


GUIDE = pathlib.Path(__file__).parents[1] / "src/guide/one-machine.md"
# The engines' SHA-256 of a text, where it is not the one of the guide's statement.
SHA256 = {"duckdb": "sha256(record)", "clickhouse": "SHA256(record)", "spark": "sha2(record, 256)"}


def statement_against_duplicates(engine):
    """Returns the guide's statement, as the guide says to write it for an engine."""
    page = GUIDE.read_text(encoding="utf-8")
    statement = page.split("```sql\n")[1].split("```")[0]
    function = SHA256.get(engine, "sha256(to_utf8(record))")
    assert f"`{function}`" in page, f"the guide does not name {function}"
    assert "sha256(to_utf8(record))" in statement
    return statement.replace("sha256(to_utf8(record))", function)


def changed(number, record):
    """Another content of an event: with fewer leaves, with as many, or the same in another layout."""
    if number % 4 == 0:
        record.pop("userAgent", None)
    elif number % 4 == 1 and "requestID" in record:
        record["requestID"] += "x"
    return json.dumps(record, indent=1 if number % 4 == 2 else None)


def duplicates(program, case, by, *engines):
    with tempfile.TemporaryDirectory() as folder:
        first, second, whole, table = (str(pathlib.Path(folder, name)) for name in ("first.json", "second.json", "whole.db", "table"))
        out = records(program, case)
        pathlib.Path(first).write_text(json.dumps({"Records": out}), encoding="utf-8")
        copies = ",".join(changed(number, record) for number, record in enumerate(out))
        pathlib.Path(second).write_text(f'{{"Records":[{copies}]}}', encoding="utf-8")
        for path in (first, second):
            code, _, err = trailq(program, case, "convert", "--by", by, path, table)
            assert code == 0, err
        code, _, err = trailq(program, whole, "import", first, second)
        assert code == 0, err
        # Which layout of one content stays is not the same in all of them.
        content = lambda record: json.dumps(json.loads(record), sort_keys=True)
        wanted = sorted(json.dumps(record, sort_keys=True) for record in records(program, whole))
        for name in engines:
            engine = ENGINES[name](statement_of(program, case, name, "--by", by, "--ddl", "--location", table))
            rows = engine.ask("SELECT count(*) AS n FROM events")[0]["n"]
            assert int(rows) > len(wanted), f"{name}: the table has no duplicates"
            accounts = engine.ask(f"SELECT DISTINCT account FROM events WHERE account LIKE '1%'") if "account" in by else []
            assert all(isinstance(row["account"], str) for row in accounts) and bool(accounts) == ("account" in by), accounts
            statement = statement_against_duplicates(name)
            found = sorted(content(row["record"]) for row in engine.ask(f"SELECT record FROM (\n{statement}) one_of_each"))
            assert found == wanted, f"{name}: {len(found)} rows, {len(wanted)} wanted"
            print(f"{name}: {rows} rows by {by}, {len(found)} events without duplicates, as an import has them")
    return 0


GRAMMAR = "dt-sql-parser@4.5.1"
# Fields of AWS's table that are not text.
IDENTITY = """STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR, accesskeyid VARCHAR,
    username VARCHAR, sessioncontext STRUCT(attributes STRUCT(mfaauthenticated VARCHAR, creationdate VARCHAR),
    sessionissuer STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, username VARCHAR)))"""
TEXTS = """eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage requestParameters
    responseElements additionalEventData requestID eventID readOnly eventType apiVersion recipientAccountId serviceEventDetails
    sharedEventID vpcEndpointId eventCategory tlsDetails""".split()


def folded(value):
    """JSON as AWS's table has it: keys in lower case, leaves as text."""
    if isinstance(value, dict):
        return {key.lower(): folded(inner) for key, inner in value.items()}
    return value if value is None or isinstance(value, str) else json.dumps(value)


def records(program, case):
    code, out, err = trailq(program, case, "--format", "records", "lookup", "--", "| limit 1000000")
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


def sound_case(program, case, folder):
    """Makes a case of the records that have what AWS's table expects: texts where it has text, and an id."""
    needed = ("eventID", "eventTime", "eventName", "eventSource", "awsRegion", "sourceIPAddress", "recipientAccountId")
    sound = [record for record in records(program, case) if all(isinstance(record.get(name), str) for name in needed)]
    assert len(sound) > 200, len(sound)
    trail = pathlib.Path(folder) / "sound.json"
    trail.write_text(json.dumps({"Records": sound}), encoding="utf-8")
    made = str(pathlib.Path(folder) / "sound.db")
    code, _, err = trailq(program, made, "import", str(trail))
    assert code == 0, err
    return made


def make_aws_table(connection, program, case):
    """Makes the table `cloudtrail_logs` of the records of a case, with the columns that AWS documents."""
    out = records(program, case)
    columns = ", ".join(f"{name.lower()} VARCHAR" for name in TEXTS)
    connection.execute(f'CREATE TABLE cloudtrail_logs ({columns}, useridentity {IDENTITY}, "timestamp" VARCHAR)')
    rows = []
    for record in out:
        texts = [record.get(name) for name in TEXTS]
        texts = [text if text is None or isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in texts]
        day = (record.get("eventTime") or "")[:10].replace("-", "/")
        rows.append([*texts, json.dumps(folded(record.get("userIdentity"))), day])
    marks = ", ".join("?" for _ in TEXTS)
    insert = f"INSERT INTO cloudtrail_logs SELECT {marks}, from_json(CAST(? AS JSON), ?), ?"
    shape = json.dumps({"type": "VARCHAR", "principalid": "VARCHAR", "arn": "VARCHAR", "accountid": "VARCHAR",
                        "invokedby": "VARCHAR", "accesskeyid": "VARCHAR", "username": "VARCHAR", "sessioncontext": {
                            "attributes": {"mfaauthenticated": "VARCHAR", "creationdate": "VARCHAR"},
                            "sessionissuer": {"type": "VARCHAR", "principalid": "VARCHAR", "arn": "VARCHAR",
                                              "accountid": "VARCHAR", "username": "VARCHAR"}}})
    connection.executemany(insert, [[*row[:-1], shape, row[-1]] for row in rows])
    return len(rows)


def aws(program, case, lookups):
    with tempfile.TemporaryDirectory() as folder:
        return ask_aws(program, sound_case(program, case, folder), lookups)


def ask_aws(program, case, lookups):
    import duckdb

    connection = duckdb.connect()
    events = make_aws_table(connection, program, case)
    connection.execute(statement_of(program, case, "duckdb", "--layout", "aws", "--ddl"))
    engine = DuckDb.__new__(DuckDb)
    engine.connection = connection
    same = refused = failed = 0
    for lookup, _ in read_lookups(lookups):
        code, statement, err = trailq(program, case, "lookup", "--for", "duckdb", "--layout", "aws", "--", lookup)
        if code != 0:
            assert code == 2 and "hint: nearest: " in err, f"{lookup}: {err}"
            refused += 1
            continue
        code, out, err = trailq(program, case, "--format", "ndjson", "lookup", "--", lookup)
        assert code == 0, err
        found = rows_of(engine.ask(statement))
        names = set(found[0]) - {"file"} if found else None
        only = lambda rows: [{name: cell for name, cell in row.items() if names is None or name in names} for row in rows]
        wanted, found = only(rows_of(map(json.loads, out.splitlines()))), only(found)
        if wanted == found:
            same += 1
        else:
            failed += 1
            report("AWS's table", lookup, first_difference(wanted, found), statement)
    print(f"AWS's table of {events} events: {same} same, {refused} refused, {failed} fail")
    return 1 if failed or same < 30 else 0


def grammar(program, lookups):
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(os.environ.get("TRAILQ_TRINO_GRAMMAR") or os.path.join(cache, "trailq", "trino-grammar"))
    stamp = folder / "requirements"
    if not (stamp.exists() and stamp.read_text() == GRAMMAR):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), GRAMMAR]
            done = subprocess.run(install, capture_output=True, text=True)
            problem = done.stderr.strip() if done.returncode != 0 else None
        except OSError as error:
            problem = str(error)
        if problem is not None:
            print(f"{GRAMMAR} cannot be installed: {problem}", file=sys.stderr)
            return UNAVAILABLE
        stamp.write_text(GRAMMAR)
    if program == "prepare":
        return 0
    statements = [("the guide's statement against duplicates", statement_against_duplicates("trino"))]
    by_place = ("--by", "account,region,date", "--ddl")
    statements.append(("trino by account", statement_of(program, "none.db", "trino", *by_place)))
    for engine in ("trino", "athena"):
        for layout in ("trailq", "aws"):
            for lookup, _ in read_lookups(lookups):
                code, statement, err = trailq(program, "none.db", "lookup", "--for", engine, "--layout", layout, "--", lookup)
                if layout == "trailq" or code == 0:
                    assert code == 0, f"{engine}: {lookup}: {err}"
                    statements.append((f"{engine} {layout}: {lookup}", statement))
            # Athena makes tables by Hive's SQL, which is not Trino's.
            if (engine, layout) != ("athena", "trailq"):
                statements.append((f"{engine} {layout}", statement_of(program, "none.db", engine, "--layout", layout, "--ddl")))
    script = pathlib.Path(__file__).with_name("trino_grammar.mjs")
    command = ["node", str(script), str(folder / "node_modules")]
    run = lambda lines: subprocess.run(command, input="\n".join(map(json.dumps, lines)), text=True, capture_output=True)
    done = run(statements)
    print(done.stdout + done.stderr)
    # A grammar that takes everything proves nothing.
    broken = run([("broken", statements[0][1].replace(" = ", " == = ", 1))])
    assert broken.returncode == 1 and "1 of them refused" in broken.stdout, broken
    return done.returncode


def main(command, *arguments):
    if command == "prepare":
        return prepare("engines", REQUIREMENTS, "DuckDB, chdb and PySpark")
    return {"check": check, "random": random, "aws": aws, "duplicates": duplicates, "grammar": grammar}[command](*arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
