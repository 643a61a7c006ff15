"""Runs the Spark job of the guide, src/guide/spark_convert.py, on a cluster: a master and workers of one core on this
machine.

    PYTHON tests/spark_cluster.py check PROGRAM TRAIL BROKEN     the ways to convert the folders of trail files TRAIL and
                                                                 BROKEN, each compared with a case of the same files
    PYTHON tests/spark_cluster.py measure PROGRAM TRAIL          the time with one worker, and with two
    PYTHON tests/spark_cluster.py walk PROGRAM TRAIL             the walk of the guide, with all rules of a high level

PYTHON has PySpark (tests/engines.py prepare), and there is Java. The table has to have the events of the case, without
duplicates, also when executors are killed while they convert.
"""

import contextlib
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pyspark

HOME = pathlib.Path(pyspark.__file__).parent
GUIDE = pathlib.Path(__file__).parents[1] / "src/guide"
# Seconds in which the daemons have to be there, on a machine that is busy.
PATIENCE = 180
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.executor.memory": "700m",
    "spark.sql.shuffle.partitions": "2",
}
# A few rows are faster without compiled code.
SMALL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


class Cluster:
    """A master and workers, which end with the context."""

    def __init__(self, folder, workers):
        self.folder, self.workers, self.daemons = pathlib.Path(folder), workers, []

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"spark://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "SPARK_HOME": str(HOME), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1",
                            "SPARK_LOCAL_DIRS": str(self.folder / "local"), "SPARK_DAEMON_MEMORY": "256m"}
        try:
            self.start("master.Master", "--host", "127.0.0.1", "--port", str(self.port), "--webui-port", "0")
            for number in range(self.workers):
                work = self.folder / f"work-{number}"
                self.start("worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "800m",
                           "--work-dir", str(work), self.url)
            self.wait(lambda: self.log(0).count("Registering worker") == self.workers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, daemon, *arguments):
        log = open(self.folder / f"daemon-{len(self.daemons)}.log", "wb")
        command = [str(HOME / "bin/spark-class"), f"org.apache.spark.deploy.{daemon}", *arguments]
        self.daemons.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True))

    def log(self, number):
        return (self.folder / f"daemon-{number}.log").read_text(errors="replace")

    def wait(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition():
            ended = [number for number, daemon in enumerate(self.daemons) if daemon.poll() is not None]
            assert not ended and time.monotonic() < until, "\n".join(self.log(number)[-2000:] for number in range(len(self.daemons)))
            time.sleep(0.2)

    def processor_seconds(self):
        """Returns what the workers, their executors and the programs that these ran have used."""
        used, children = {}, {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                used[int(stat.parent.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        total, waiting = 0, [daemon.pid for daemon in self.daemons[1:]]
        while waiting:
            one = waiting.pop()
            total += used.get(one, 0)
            waiting += children.get(one, [])
        return total

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGTERM)
        for daemon in self.daemons:
            daemon.wait(60)

    def submit(self, settings, program, *arguments):
        """Runs a program as a user does, and returns its exit code and its output."""
        words = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
        command = [str(HOME / "bin/spark-submit"), "--master", self.url, *words, str(GUIDE / program), *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        # spark-submit gives both outputs of a program to its standard output.
        return done.returncode, done.stdout

    def convert(self, settings, *arguments):
        """Converts, and returns the report and the messages."""
        place = self.folder / "report.json"
        code, messages = self.submit(settings, "spark_convert.py", "--report", place, *arguments)
        assert code == 0, messages
        return json.loads(place.read_text()), messages


def trailq(program, *arguments, codes=(0,)):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode in codes, f"{arguments}: {done.returncode}: {done.stderr}"
    return done.stdout


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file())


def share_mib(folder, shares):
    """Returns the size that makes about so many shares of the files of a folder."""
    sizes = [path.stat().st_size + 4096 for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return str(sum(sizes) / shares / (1 << 20))


class Case:
    """The case that tables are compared with."""

    def __init__(self, program, folder, scratch):
        self.program, self.folder, self.scratch = program, pathlib.Path(folder), pathlib.Path(scratch)
        self.path = self.scratch / f"{pathlib.Path(folder).name}.db"
        self.report = json.loads(trailq(program, "--db", self.path, "--format", "json", "import", folder, codes=(0, 1)))

    def compare(self, table, report, place):
        """Compares a table and the report of the job with the case. `place`: what is before the files' paths in their names."""
        stored = self.report["stored"]
        assert report["rows"] == stored, (report, stored)
        for count in ("files", "read", "rejected"):
            assert report[count] == self.report[count], (count, report[count], self.report[count])
        assert report["stored"] - report["removed"] == stored, report
        half = [name for name in files_of(table) if not name.endswith((".parquet", ".ndjson", ".crc", ".txt"))]
        assert not half, half
        home = self.scratch / "home.db"
        home.unlink(missing_ok=True)
        back = json.loads(trailq(self.program, "--db", home, "--format", "json", "import", table))
        assert (back["stored"], back["duplicate"]) == (stored, 0), back
        for kind in json.loads(trailq(self.program, "--format", "json", "diff", self.path, home)):
            assert (kind["only_in_a"], kind["only_in_b"], kind["differ"]) == (0, 0, 0), kind
        import duckdb

        places = f"read_parquet('{table}/**/*.parquet', hive_partitioning = true, union_by_name = true)"
        names = {name.partition("!")[0] for name, in duckdb.sql(f"SELECT DISTINCT file FROM {places}").fetchall()}
        wrong = sorted(names - {place + name for name in files_of(self.folder)})
        assert not wrong, wrong[:3]


KILLER = """#!{python}
'''Runs trailq. The first time the executor is killed after it, the second time while it runs.'''
import os, pathlib, signal, subprocess, sys
def taken(name):
    try:
        os.mkdir(os.path.join({marks!r}, name))
        return False
    except FileExistsError:
        return True
def kill_executor():
    process = os.getppid()
    while b"CoarseGrainedExecutorBackend" not in pathlib.Path(f"/proc/{{process}}/cmdline").read_bytes():
        process = int(pathlib.Path(f"/proc/{{process}}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(process, signal.SIGKILL)
if not taken("after"):
    subprocess.run([{program!r}, *sys.argv[1:]])
    kill_executor()
elif not taken("during"):
    running = subprocess.Popen([{program!r}, *sys.argv[1:]], stdout=subprocess.DEVNULL)
    kill_executor()
    running.kill()
    running.wait()
else:
    os.execv({program!r}, [{program!r}, *sys.argv[1:]])
"""

# A store as its command sees it: files have keys, and a folder is none. Copying a key that is in the file `refused` fails.
STORE = """#!/bin/sh
set -e
case $1 in
ls) cd {store} && find . -type f -printf '%s\\t%P\\n' ;;
get) ! grep -qxF "$2" {scratch}/refused || {{ echo "slow down: $2" >&2; exit 7; }}; cp "{store}/$2" "$3" ;;
put) mkdir -p "$(dirname "{scratch}/lake/$3")"; cp "$2" "{scratch}/lake/$3.copying.parquet"
  mv "{scratch}/lake/$3.copying.parquet" "{scratch}/lake/$3" ;;
esac
"""


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def check(program, trail, broken):
    begun = time.monotonic()

    def done(what):
        print(f"{what}: {time.monotonic() - begun:.0f} s", flush=True)

    with tempfile.TemporaryDirectory() as scratch, Cluster(scratch, 2) as cluster:
        scratch = pathlib.Path(scratch)
        done("master and two workers")
        case = Case(program, trail, scratch)
        table = check_folder(cluster, case, trail, scratch)
        done("in a folder, with executors killed")
        sys.path.insert(0, str(GUIDE))
        os.environ.update(cluster.environment)
        import spark_convert
        from pyspark import cloudpickle
        from pyspark.sql import SparkSession

        # As spark-submit sends the functions of the program that it runs.
        cloudpickle.register_pickle_by_value(spark_convert)
        builder = SparkSession.builder.master(cluster.url)
        for name, value in (SETTINGS | SMALL).items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()

        def run(*arguments):
            return spark_convert.convert(spark, spark_convert.arguments(["--trailq", program, *map(str, arguments)]))

        check_store(run, case, trail, scratch, spark_convert.ShareError)
        check_mistakes(run, trail, scratch, spark_convert.ShareError)
        done("in a store with commands")
        check_through_spark(run, program, case, trail, broken, scratch)
        done("through Spark")
        check_walk(spark, program, case, table, scratch)
        done("the walk")
        spark.stop()
    return 0


def check_folder(cluster, case, trail, scratch):
    marks, table = scratch / "marks", scratch / "a table"
    marks.mkdir()
    killer = script(scratch / "killer", KILLER.format(python=sys.executable, marks=str(marks), program=case.program))
    arguments = ["--share-mib", share_mib(trail, 16), "--by", "account,region,date", trail, str(table)]
    # A task that is killed leaves its temporary folder.
    report, messages = cluster.convert(SETTINGS | SMALL, "--trailq", killer, "--temp", scratch, *arguments)
    assert sorted(os.listdir(marks)) == ["after", "during"], "no executor was killed"
    assert report["shares"] > 4 and report["removed"] > 0 and report["files_rewritten"] > 0, report
    case.compare(table, report, f"{trail}/")
    print(messages.strip(), json.dumps(report), sep="\n")
    return table


def check_store(run, case, trail, scratch, share_error):
    (scratch / "refused").write_text("")
    store = script(scratch / "store", STORE.format(store=trail, scratch=scratch))
    arguments = ["--list", f"{store} ls", "--get", f"{store} get {{source}} {{target}}", "--put", f"{store} put {{source}} {{target}}",
                 "--share-mib", share_mib(trail, 8), "s3://trail", scratch / "lake"]
    refused = files_of(trail)[3]
    (scratch / "refused").write_text(refused + "\n")
    report, code = run(*arguments)
    assert code == 2 and len(report["errors"]) == 1 and f"{refused}: {store} ended with 7: slow down" in report["errors"][0], report
    (scratch / "refused").write_text("")
    # The same command completes the table: the other shares are written again, under the same names.
    before = set(files_of(scratch / "lake"))
    report, code = run(*arguments)
    assert code == 0 and report["errors"] == [], report
    case.compare(scratch / "lake", report, "")
    again, _ = run(*arguments)
    assert (again["rows"], again["files_rewritten"]) == (report["rows"], 0), again
    case.compare(scratch / "lake", {**again, "stored": report["stored"], "removed": report["removed"]}, "")
    assert before, "the shares that did not fail were converted"


def check_mistakes(run, trail, scratch, share_error):
    for wrong, says in [(["--list", "echo x"], "not `SIZE PATH`"), (["--list", "false"], "false ended with 1"),
                        (["--list", "no-such-program"], "cannot be run"), (["--list", "true"], "has no files")]:
        try:
            run(*wrong, "s3://trail", scratch / "none")
            raise AssertionError(f"{wrong} was taken")
        except share_error as error:
            assert says in str(error), error
    for name, says in [("/none/trailq", "there is no program /none/trailq on"),
                       (script(scratch / "dies", "#!/bin/sh\nkill -9 $$\n"), "trailq was killed by signal 9 ("),
                       (script(scratch / "fails", "#!/bin/sh\necho no space >&2\nexit 2\n"), "no space")]:
        report, code = run("--trailq", name, trail, scratch / "none")
        assert code == 2 and says in report["errors"][0], report
    for wrong in (["--get", "cp {source}", trail], ["--put", "cp x", trail], ["--share-mib", "0", trail],
                  ["--through-spark", "--list", "ls", trail], ["s3://trail"]):
        try:
            run(*wrong, scratch / "none")
            raise AssertionError(f"{wrong} was taken")
        except SystemExit as ended:
            assert ended.code == 2, ended
    try:
        run(trail, "s3://lake/events")
        raise AssertionError("trailq cannot write to a store")
    except SystemExit as ended:
        assert ended.code == 2, ended


def check_through_spark(run, program, case, trail, broken, scratch):
    report, code = run("--through-spark", "--share-mib", share_mib(trail, 8), f"file://{trail}", f"file://{scratch}/through")
    assert code == 0, report
    case.compare(scratch / "through", report, f"file:{trail}/")
    report, code = run("--through-spark", f"file://{broken}", f"file://{scratch}/broken")
    rejects = [json.loads(line) for file in (scratch / "broken/_rejects").glob("*.txt") for line in file.read_text().splitlines()]
    assert code == 1 and len(rejects) == report["rejected"] > 0, (code, report, rejects)
    assert all(reject["rejected_from"].startswith(f"file:{broken}") for reject in rejects), rejects
    Case(program, broken, scratch).compare(scratch / "broken", report, f"file:{broken}/")


def check_walk(spark, program, case, table, scratch):
    """Finds the attack of the test data by rules, brings its records home, and follows the keys."""
    import spark_ask

    trailq(program, "hunt", "--for", "spark", "--min-level", "high", "--out", scratch / "rules")
    rules = [scratch / "rules" / f"{name}.sql" for name in ("guardduty-detector-deleted", "trail-stopped")]
    answers = scratch / "findings.ndjson"
    assert spark_ask.run(spark, spark_ask.arguments([str(table), *map(str, rules), "--out", str(answers)])) == 0
    found = {}
    for row in map(json.loads, answers.read_text().splitlines()):
        found.setdefault(row["statement"], []).append(row)
    print({name: len(rows) for name, rows in found.items()})
    addresses = {row["source_ip_address"] for rows in found.values() for row in rows}
    assert found["trail-stopped"] and addresses == {"203.0.113.77"}, found
    lookup = "ip=203.0.113.77"
    home = scratch / "attack.db"
    code = spark_ask.run(spark, spark_ask.arguments(["--trailq", program, str(table), "--lookup", lookup, "--import", str(home)]))
    wanted = json.loads(trailq(program, "--db", case.path, "--format", "json", "lookup", f"{lookup} | count"))
    assert code == 0 and json.loads(trailq(program, "--db", home, "--format", "json", "lookup", "| count")) == wanted, wanted
    lineage = ("run", "--format", "json", "lineage", "key=AKIADEPLOYBOTEXAMPLE")
    (scratch / "bad.sql").write_text("SELECT no_such_column FROM events")
    for wrong, says in [(["--lookup", "usr=alice", "--import", scratch / "new.db"], "unknown field `usr`"), ([scratch / "none.sql"], "No such file or directory"),
                        ([scratch / "bad.sql"], "error: bad: [UNRESOLVED_COLUMN"),
                        (["--lookup", "user=alice", "--import", scratch / "bad.sql"], ""),  # trailq itself says why
                        ([], "give either"), (["x.sql", "--lookup", "a"], "give either"), (["x.sql", "--import", "y.db"], "--import takes")]:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            try:
                code = spark_ask.run(spark, spark_ask.arguments(["--trailq", program, str(table), *map(str, wrong)]))
            except SystemExit as ended:
                code = ended.code
        assert code == 2 and says in said.getvalue(), (wrong, code, said.getvalue())
    assert not (scratch / "new.db").exists()
    follow = lambda path: [row["access_key_id"] for row in json.loads(trailq(program, "--db", path, *lineage))]
    assert len(set(follow(home))) > 3, follow(home)


def measure(program, trail):
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as scratch, Cluster(scratch, workers) as cluster:
            begun = time.monotonic()
            before = cluster.processor_seconds()
            report, _ = cluster.convert(SETTINGS, "--trailq", program, "--share-mib", "16", trail, f"{scratch}/table")
            print(f"{workers} workers: {time.monotonic() - begun:.1f} s in all; convert {report['convert_seconds']} s, duplicates"
                  f" {report['duplicates_seconds']} s; processor {cluster.processor_seconds() - before:.1f} s; {json.dumps(report)}", flush=True)
    return 0


def walk(program, trail):
    with tempfile.TemporaryDirectory() as scratch, Cluster(scratch, 2) as cluster:
        scratch = pathlib.Path(scratch)
        begun = time.monotonic()

        def done(what, output):
            print(f"--- {what}: {time.monotonic() - begun:.0f} s\n{output.strip()}", flush=True)

        done("convert", cluster.convert(SETTINGS, "--trailq", program, trail, scratch / "events")[1])
        trailq(program, "hunt", "--for", "spark", "--min-level", "high", "--out", scratch / "rules")
        code, said = cluster.submit(SETTINGS, "spark_ask.py", scratch / "events", scratch / "rules", "--out", scratch / "findings.ndjson")
        assert code == 0, said
        done(f"{len(files_of(scratch / 'rules'))} rules", said)
        home = scratch / "attack.db"
        asked = ["--trailq", program, "--lookup", "ip=203.0.113.77", "--import", home]
        code, said = cluster.submit(SETTINGS, "spark_ask.py", scratch / "events", *asked)
        assert code == 0, said
        done("import", said)
        done("lineage", trailq(program, "--db", home, "run", "--format", "tsv", "lineage", "key=AKIADEPLOYBOTEXAMPLE"))
    return 0


def main(command, *arguments):
    return {"check": check, "measure": measure, "walk": walk}[command](*arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
