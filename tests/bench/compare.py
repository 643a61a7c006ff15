#!/usr/bin/env python3
"""Measures trailq beside DuckDB and ClickHouse, in turn in one run, over the same generated delivery, and prints one
table in Markdown with ratios and whether the targets are met. What was asked of the peers is printed below it.

  tests/bench/compare.py                              everything but the 10 times larger delivery
  tests/bench/compare.py --only import,queries        parts: import, one, small, again, more, queries, large
  tests/bench/compare.py --events 100000 --files 49   smaller
  tests/bench/compare.py --large                      the 10 times larger delivery too

Needs Rust and Python 3.9; installs duckdb and chdb from PyPI into an environment of its own in the work folder. Times
are the least of the runs, with the median in brackets; ratios and targets are of the least.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
import zlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import peers
from questions import VALUES, questions

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
PARTS = ["import", "one", "small", "again", "more", "queries"]
MIB = 1 << 20


def say(text):
    print(f"[{datetime.datetime.now():%H:%M:%S}] {text}", file=sys.stderr, flush=True)


# What is measured of a process and of a set of runs.


# The pause between two looks at the threads of a process. A thread that lives shorter counts among the others.
LOOK_EVERY = 0.02


def watch_threads(pid, ticks):
    """Keeps the processor time of each thread of a process in `ticks`, in ticks of the clock, until it has ended."""
    tasks = Path(f"/proc/{pid}/task")
    while True:
        try:
            threads = os.listdir(tasks)
        except OSError:
            return
        for thread in threads:
            try:
                fields = (tasks / thread / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            ticks[int(thread)] = int(fields[11]) + int(fields[12])
        time.sleep(LOOK_EVERY)


def by_thread(pid, ticks, processor):
    """Processor seconds of the main thread, whose work nothing overlaps, of the longest others, and of the rest."""
    a_second = os.sysconf("SC_CLK_TCK")
    main = ticks.pop(pid, 0) / a_second
    others = sorted((of / a_second for of in ticks.values() if of >= a_second / 10), reverse=True)[:8]
    return {"main": main, "others": others, "rest": max(0.0, processor - main - sum(others))}


def measured(command, **options):
    """Runs a command: seconds, processor seconds in all and by thread, peak resident MiB, and what it printed."""
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    told = []
    listener = threading.Thread(target=lambda: told.append(process.stderr.read()))
    listener.start()
    ticks = {}
    threading.Thread(target=watch_threads, args=(process.pid, ticks), daemon=True).start()
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    listener.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    processor = usage.ru_utime + usage.ru_stime
    return {
        "seconds": seconds,
        "processor": processor,
        "threads": by_thread(process.pid, dict(ticks), processor),
        "peak": usage.ru_maxrss / 1024,
        "code": process.returncode,
        "out": printed.decode(),
        "err": told[0].decode(),
    }


def must(run, what):
    if run["code"] != 0:
        sys.exit(f"{what} failed with {run['code']}:\n{run['out'][-2000:]}{run['err'][-4000:]}")
    return run


class Times:
    """The times of the runs of one thing, in seconds."""

    def __init__(self, seconds):
        self.least = min(seconds)
        self.median = statistics.median(seconds)

    def __str__(self):
        if self.least < 1:
            return f"{self.least * 1e3:.3g} ({self.median * 1e3:.3g}) ms"
        return f"{self.least:.1f} ({self.median:.1f}) s"


def size_of(path):
    path = Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())


def ratio(a, b):
    return f"{a / b:.2f}" if a is not None and b else ""


def met(is_met):
    return "met" if is_met else "**missed**"


# The table.


class Table:
    HEAD = ["work", "trailq", "as a process", "DuckDB", "ClickHouse", "ClickHouse, equal work", "÷ DuckDB", "÷ ClickHouse", "target", ""]

    def __init__(self):
        self.rows = []

    def add(self, work, trailq, process="", duckdb="", clickhouse="", to_duckdb="", to_clickhouse="", target="", is_met=None, equal=""):
        said = "" if is_met is None else met(is_met)
        row = [work, trailq, process, duckdb, clickhouse, equal, to_duckdb, to_clickhouse, target, said]
        self.rows.append([str(cell) for cell in row])
        say(" | ".join(cell for cell in self.rows[-1] if cell))

    def markdown(self):
        lines = [self.HEAD, ["---"] + ["---:"] * 7 + ["---"] * 2] + self.rows
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# What is measured with.


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)
        # Deliveries, cases and the peers' stores, by what they came to.
        needed = options.events * 6_000 + options.small_files * 12_000 + options.events * (20_000 if "large" in options.parts else 0)
        free = shutil.disk_usage(self.work).free
        if free < needed:
            sys.exit(f"{self.work} has {free / 1e9:.1f} GB free; this needs about {needed / 1e9:.1f} GB (--work elsewhere)")
        self.table = Table()
        self.asked = []
        self.wrong = []
        self.first_import = None
        build = ["cargo", "build", "--release", "--locked", "--quiet", "--bin", "trailq", "--example", "generate"]
        say("building trailq and the generator")
        subprocess.run(build, cwd=PROJECT, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
        self.generator = target / "examples" / "generate"
        self.trailq = Path(options.trailq or target / "trailq")
        self.python = self.environment()

    def environment(self):
        """An environment with the peers, outside the tree."""
        folder = self.work / "venv"
        python = folder / "bin" / "python"
        if not python.exists():
            say(f"making {folder} with duckdb and chdb")
            venv.create(folder, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "duckdb", "chdb"], check=True)
        return python

    def versions(self):
        code = "from importlib.metadata import version as v; print(v('duckdb'), v('chdb'), v('chdb-core'))"
        duckdb, chdb, core = subprocess.check_output([self.python, "-c", code], text=True).split()
        return f"DuckDB {duckdb} · ClickHouse {core} (chdb {chdb})"

    def delivery(self, name, *arguments):
        """A delivery in the work folder, made if it is not there."""
        path = self.work / name
        if older(path, HERE / "delivery"):
            remove(path)
            say(f"making {path}")
            partial = path.with_name(path.name + ".partial")
            shutil.rmtree(partial, ignore_errors=True)
            words = ["--one" if name.endswith(".gz") else "", partial, *arguments]
            subprocess.run([str(self.generator)] + [str(word) for word in words if word != ""], check=True)
            partial.rename(path)
        return path

    def many(self):
        events, files = self.options.events, self.options.files
        return self.delivery(f"many-{events}-{files}", "--events", events, "--files", files)

    def case(self):
        """The case of the delivery, imported if it is not there."""
        case = self.work / f"many-{self.options.events}-{self.options.files}.trailq"
        if older(case, self.trailq):
            say("importing the delivery")
            self.import_trailq(self.many(), case)
        return case

    def store(self, engine):
        """The delivery in a peer, loaded if it is not there."""
        store = self.work / f"{self.many().name}.{engine}"
        if older(store, HERE / "peers.py") or store.stat().st_mtime < self.many().stat().st_mtime:
            say(f"loading {engine}")
            self.load_peer(engine, self.many())
        return store

    def import_trailq(self, delivery, case):
        case.unlink(missing_ok=True)
        run = must(measured([self.trailq, "--db", case, "import", "--quiet", "--format", "json", delivery]), "import")
        return {**run, "bytes": size_of(case), "report": json.loads(run["out"])}

    def load_peer(self, engine, delivery):
        """Loads a peer in a process of its own; the time is without Python's start."""
        store = self.work / f"{delivery.name}.{engine}"
        remove(store)
        run = must(measured(self.peer_command(engine, delivery, store)), engine)
        told = json.loads(run["out"].splitlines()[-1])
        return {**run, **told, "bytes": size_of(store), "store": store}

    def peer_command(self, engine, delivery, store):
        pattern = f"{delivery}/**/*.json.gz" if delivery.is_dir() else delivery
        return [self.python, HERE / "peers.py", "load", engine, store, pattern, object_bytes(delivery)]


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
    for file in (path, Path(f"{path}.wal")):
        if file.is_file():
            file.unlink()


def older(path, source):
    """Whether a path is not there, or was made before what it is made with."""
    sources = list(source.rglob("*")) if source.is_dir() else [source]
    return not path.exists() or path.stat().st_mtime < max(file.stat().st_mtime for file in sources)


def files_of(delivery):
    return sorted(delivery.rglob("*.gz")) if delivery.is_dir() else [delivery]


def object_bytes(delivery):
    """The largest file before gzip, from the files' last four bytes: DuckDB has to be told."""
    largest = 0
    for file in files_of(delivery):
        with open(file, "rb") as handle:
            handle.seek(-4, os.SEEK_END)
            largest = max(largest, int.from_bytes(handle.read(4), "little"))
    return largest + MIB


# The parts.


def compare_imports(bench):
    """The same delivery into each engine, in turn; into ClickHouse as a narrow table, and with the work that trailq does."""
    others = ("duckdb", "clickhouse", "clickhouse-equal")
    delivery = bench.many()
    gzip = sum(file.stat().st_size for file in files_of(delivery))
    case = bench.work / f"{delivery.name}.trailq"
    runs = {engine: [] for engine in ("trailq", *others)}
    for turn in range(bench.options.import_runs):
        say(f"import {turn + 1} of {bench.options.import_runs}")
        runs["trailq"].append(bench.import_trailq(delivery, case))
        for engine in others:
            runs[engine].append(bench.load_peer(engine, delivery))
    remove(runs["clickhouse-equal"][-1]["store"])
    wide = bench.load_peer("clickhouse-wide", delivery)
    report = runs["trailq"][0]["report"]
    counts = report.get("counts", report)
    for engine in others:
        if runs[engine][0]["rows"] != counts["read"]:
            bench.wrong.append(f"{engine} loaded {runs[engine][0]['rows']} records, trailq read {counts['read']}")
    seconds = {engine: Times([run["seconds"] for run in of]) for engine, of in runs.items()}
    processor = {engine: min(run["processor"] for run in of) for engine, of in runs.items()}
    peak = {engine: max(run["peak"] for run in of) for engine, of in runs.items()}
    size = {engine: of[-1]["bytes"] for engine, of in runs.items()}
    bench.first_import = seconds["trailq"].least
    to_duckdb, to_clickhouse = (seconds["trailq"].least / seconds[engine].least for engine in ("duckdb", "clickhouse"))
    add = bench.table.add
    add(
        f"import {bench.options.events:,} events, {len(files_of(delivery)):,} gzip files, {gzip / MIB:.0f} MiB",
        seconds["trailq"], "", seconds["duckdb"], seconds["clickhouse"], f"{to_duckdb:.2f}", f"{to_clickhouse:.2f}",
        "≤ 0.25 DuckDB", to_duckdb <= 0.25, equal=seconds["clickhouse-equal"],
    )
    to_equal = processor["trailq"] / processor["clickhouse-equal"]
    add(
        "· processor time", *[f"{processor['trailq']:.1f} s", "", f"{processor['duckdb']:.1f} s"],
        f"{processor['clickhouse']:.1f} s", ratio(processor["trailq"], processor["duckdb"]),
        ratio(processor["trailq"], processor["clickhouse"]), f"≤ 0.6 of ClickHouse with equal work ({to_equal:.2f})",
        to_equal <= 0.6, equal=f"{processor['clickhouse-equal']:.1f} s",
    )
    threads = min(runs["trailq"], key=lambda run: run["processor"])["threads"]
    others = " + ".join(f"{of:.1f}" for of in threads["others"])
    add("· of it by the main thread (serial), by others, by short-lived threads",
        f"{threads['main']:.1f} s, {others} s, {threads['rest']:.1f} s")
    add(
        "· peak memory", f"{peak['trailq']:.0f} MiB", "", f"{peak['duckdb']:.0f} MiB", f"{peak['clickhouse']:.0f} MiB",
        ratio(peak["trailq"], peak["duckdb"]), ratio(peak["trailq"], peak["clickhouse"]), "≤ 300 MB",
        peak["trailq"] * MIB <= 300e6, equal=f"{peak['clickhouse-equal']:.0f} MiB",
    )
    add(
        "· size with all indexes", f"{size['trailq'] / MIB:.0f} MiB", "", f"{size['duckdb'] / MIB:.0f} MiB",
        f"{size['clickhouse'] / MIB:.0f} MiB", ratio(size["trailq"], size["duckdb"]),
        ratio(size["trailq"], size["clickhouse"]), f"≤ 3.5 of the gzip ({size['trailq'] / gzip:.2f})",
        size["trailq"] <= 3.5 * gzip, equal=f"{size['clickhouse-equal'] / MIB:.0f} MiB",
    )
    add(
        "· the same with the columns that the questions need", "", "", "",
        f"{wide['seconds']:.1f} s, {wide['peak']:.0f} MiB, {wide['bytes'] / MIB:.0f} MiB", "",
        ratio(bench.first_import, wide["seconds"]),
    )


def import_one(bench):
    """The same events in one gzip file."""
    file = bench.delivery(
        f"one-{bench.options.events}.json.gz", "--events", bench.options.events, "--files", bench.options.files
    )
    runs = [bench.import_trailq(file, bench.work / "one.trailq") for _ in range(bench.options.import_runs)]
    remove(bench.work / "one.trailq")
    seconds = Times([run["seconds"] for run in runs])
    told = {}
    for engine in ("duckdb", "clickhouse"):
        store = bench.work / f"one.{engine}"
        remove(store)
        run = measured(bench.peer_command(engine, file, store))
        told[engine] = f"{json.loads(run['out'].splitlines()[-1])['seconds']:.1f} s" if run["code"] == 0 else refusal(run)
        remove(store)
    compared = first_import(bench)
    bench.table.add(
        "the same events in one gzip file", seconds, "", told["duckdb"], told["clickhouse"], "", "",
        f"≤ 1.25 of the above ({seconds.least / compared:.2f})", seconds.least <= 1.25 * compared,
    )
    add_peak(bench, runs)


def refusal(run):
    """Why an engine did not load a file, in a few words; the whole is told beside."""
    say(run["err"][-2000:])
    lines = [line.strip() for line in (run["err"] + run["out"]).splitlines() if line.strip()]
    last = lines[-1].split("Exception: ")[-1] if lines else f"ended with {run['code']}"
    return "refused: " + (last if len(last) < 60 else last[:60] + "…").replace("|", "/")


def add_peak(bench, runs, most=300):
    peak = max(run["peak"] for run in runs)
    bench.table.add("· peak memory", f"{peak:.0f} MiB", target=f"≤ {most} MB", is_met=peak * MIB <= most * 1e6)


def first_import(bench):
    """What importing the delivery takes."""
    if bench.first_import is None:
        runs = [bench.import_trailq(bench.many(), bench.work / "first.trailq") for _ in range(bench.options.import_runs)]
        bench.first_import = min(run["seconds"] for run in runs)
        remove(bench.work / "first.trailq")
    return bench.first_import


def inflate(paths):
    """Reads and inflates files; the bytes that came out."""
    total = 0
    for path in paths:
        with open(path, "rb", buffering=0) as handle:
            total += len(zlib.decompress(handle.read(), wbits=31))
    return total


def import_small(bench):
    """Many files of few events, and reading and inflating them beside it, one process a core."""
    files = bench.options.small_files
    delivery = bench.delivery(f"small-{files}", "--events", files * 10, "--files", files)
    paths = [str(path) for path in files_of(delivery)]
    parts = [paths[n :: peers.CORES] for n in range(peers.CORES)]
    runs, reading = [], []
    for _ in range(bench.options.import_runs):
        with ProcessPoolExecutor(peers.CORES) as pool:
            list(pool.map(inflate, [part[:1] for part in parts]))
            started = time.perf_counter()
            list(pool.map(inflate, parts))
            reading.append(time.perf_counter() - started)
        runs.append(bench.import_trailq(delivery, bench.work / "small.trailq"))
        remove(bench.work / "small.trailq")
    seconds, read = Times([run["seconds"] for run in runs]), Times(reading)
    allowed = max(files / 6_000, 1.4 * read.least)
    bench.table.add(
        f"{files:,} files of 10 events", seconds, "", "", "", "", "",
        f"≤ {allowed:.1f} s: 6,000 files/s, or 1.4 of reading and inflating them ({read})", seconds.least <= allowed,
    )
    add_peak(bench, runs)


def import_again(bench):
    """The same delivery into its case, with nothing new."""
    case, first = bench.case(), first_import(bench)
    command = [bench.trailq, "--db", case, "import", "--quiet", bench.many()]
    seconds = Times([must(measured(command), "import again")["seconds"] for _ in range(bench.options.runs)])
    bench.table.add(
        "importing the same again", seconds, target=f"≤ 2 % of the first ({100 * seconds.least / first:.1f} %)",
        is_met=seconds.least <= 0.02 * first,
    )


def import_more(bench):
    """One in a hundred files more."""
    case, first = bench.case(), first_import(bench)
    events, files = max(1, bench.options.events // 100), max(1, bench.options.files // 100)
    more = bench.delivery(f"more-{events}", "--events", events, "--files", files, "--from-day", 90, "--days", 1)
    runs = []
    for _ in range(bench.options.import_runs):
        copy = bench.work / "more.trailq"
        shutil.copyfile(case, copy)
        runs.append(must(measured([bench.trailq, "--db", copy, "import", "--quiet", more]), "import of more"))
    remove(bench.work / "more.trailq")
    seconds = Times([run["seconds"] for run in runs])
    bench.table.add(
        f"adding {events:,} events in {files} files", seconds,
        target=f"≤ 8 % of the first ({100 * seconds.least / first:.1f} %)", is_met=seconds.least <= 0.08 * first,
    )
    add_peak(bench, runs)


# The questions.


class Repl:
    """trailq with a case open, its answers read from a pipe as a program would."""

    MARK = "=== the end of the answer ==="

    def __init__(self, bench, case):
        self.errors = tempfile.TemporaryFile()
        command = [str(bench.trailq), "--db", str(case), "--color", "never", "script", "-"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0
        )

    def ask(self, text):
        """Seconds until the rows are here, until all is told (a list's total too), and the rows' text."""
        end = f"{self.MARK}\n".encode()
        got, arrived = b"", []
        started = time.perf_counter()
        self.process.stdin.write(f"{text}\n.print {self.MARK}\n".encode())
        while not got.endswith(end):
            chunk = os.read(self.process.stdout.fileno(), 1 << 20)
            if not chunk:
                self.errors.seek(0)
                sys.exit(f"trailq ended at `{text}`:\n{self.errors.read().decode()}")
            got += chunk
            arrived.append((len(got), time.perf_counter() - started))
        rows = len(got) - len(end)
        return next(at for length, at in arrived if length >= rows), arrived[-1][1], got[:rows].decode()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    """A peer with its store open."""

    def __init__(self, bench, engine, store):
        self.engine = engine
        command = [str(bench.python), str(HERE / "peers.py"), "ask", engine, str(store)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, sql):
        return self.request({"sql": sql})

    def request(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            sys.exit(f"{self.engine}: {answer['error']}\n{request.get('sql')}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def values_of(bench, case):
    """The values that the questions ask for."""
    say("choosing what to ask for")
    values = {}
    for name, sql in VALUES.items():
        run = must(measured([bench.trailq, "--db", case, "--format", "json", "sql", sql]), f"choosing {name}")
        values[name] = next(iter(json.loads(run["out"])[0].values()))
    return values


def ask_questions(bench):
    """Every question to each engine, in turn, warm."""
    case = bench.case()
    asked = questions(values_of(bench, case))
    repl = Repl(bench, case)
    duckdb, clickhouse = (Peer(bench, engine, bench.store(engine)) for engine in ("duckdb", "clickhouse-wide"))
    for question in asked:
        sql = {"duckdb": question.peer_sql("duckdb"), "clickhouse": question.peer_sql("clickhouse")}
        times = {"rows": [], "all": [], "process": [], "duckdb": [], "clickhouse": []}
        for turn in range(bench.options.runs + 1):
            rows, whole, _ = repl.ask(question.trailq)
            one = [
                ("rows", rows), ("all", whole), ("process", process_seconds(bench, case, question)),
                ("duckdb", duckdb.ask(sql["duckdb"])["seconds"]), ("clickhouse", clickhouse.ask(sql["clickhouse"])["seconds"]),
            ]
            # The first is the warm-up.
            for name, seconds in one if turn else []:
                times[name].append(seconds)
        add_question(bench, question, {name: Times(of) for name, of in times.items()})
        bench.asked.append((question, sql))
    repl.close()
    check_answers(bench, case, asked, {"duckdb": duckdb, "clickhouse": clickhouse})
    duckdb.close()
    clickhouse.close()


def process_seconds(bench, case, question):
    command = "sql" if question.trailq.startswith("SELECT") else "lookup"
    started = time.perf_counter()
    done = subprocess.run(
        [str(bench.trailq), "--db", str(case), command, question.trailq], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(f"trailq could not answer `{question.trailq}`:\n{done.stderr.decode()}")
    return seconds


def add_question(bench, question, times):
    rows, whole = times["rows"].least, times["all"].least
    to_duckdb, to_clickhouse = rows / times["duckdb"].least, rows / times["clickhouse"].least
    targets = {
        "lookup": (
            "≤ 5 ms, ≤ 30 ms as a process, ahead of both",
            rows <= 0.005 and whole <= 0.1 and times["process"].least <= 0.03 and max(to_duckdb, to_clickhouse) < 1,
        ),
        "count": ("ahead of ClickHouse, ≤ 2 DuckDB", to_clickhouse < 1 and to_duckdb <= 2),
        "rare": ("≤ 50 ms", rows <= 0.05),
        "frequent": ("≤ ClickHouse", to_clickhouse <= 1),
        "path": ("", None),
    }
    target, is_met = targets[question.kind]
    # A list's total may come after its rows.
    later = f", all told {whole * 1e3:.3g}" if whole > rows * 1.2 + 0.0005 else ""
    bench.table.add(
        question.name, f"{times['rows']}{later}", times["process"], times["duckdb"], times["clickhouse"],
        f"{to_duckdb:.2f}", f"{to_clickhouse:.2f}", target, is_met,
    )


# The answers must be the same: duplicates are left out of the peers' tables for this.


def check_answers(bench, case, asked, engines):
    for engine, peer in engines.items():
        say(f"{engine}: a table without duplicates, to compare answers with")
        peer.request({"prepare": True})
    for question in asked:
        ours = our_answer(bench, case, question)
        if not ours or ours[0] == 0:
            bench.wrong.append(f"{question.name}: nothing matches, which measures nothing")
        for engine, peer in engines.items():
            theirs = peer_answer(peer, engine, question)
            if ours != theirs:
                bench.wrong.append(f"{question.name}: trailq answers {short(ours)}, {engine} {short(theirs)}")


def short(answer):
    text = str(answer)
    return text if len(text) < 300 else f"{text[:300]}… ({len(text)} characters)"


def trailq_json(bench, case, *words):
    run = must(measured([bench.trailq, "--db", case, "--quiet", "--format", "json", *words]), f"trailq {words}")
    return json.loads(run["out"])


def our_answer(bench, case, question):
    """A list's number of events and the times of its newest 50; otherwise the rows, in an order of their own."""
    if question.is_list:
        newest = trailq_json(bench, case, "lookup", f"{question.trailq} | limit 50")
        total = trailq_json(bench, case, "lookup", f"{question.trailq} | count")[0]
        return int(next(iter(total.values()))), sorted(cell(event["event_time"]) for event in newest)
    command = "sql" if question.trailq.startswith("SELECT") else "lookup"
    return comparable([list(row.values()) for row in trailq_json(bench, case, command, question.trailq)], question)


def peer_answer(peer, engine, question):
    rows = peer.ask(question.peer_sql(engine, "once"))["rows"]
    if question.is_list:
        total = peer.ask(f"SELECT count(*) FROM once WHERE {question.peer_where(engine)}")["rows"][0][0]
        return int(total), sorted(cell(row[0]) for row in rows)
    return comparable(rows, question)


def comparable(rows, question):
    if "| top" in question.trailq:
        # Of those that tie for the last places any may be named.
        return sorted(int(row[-1]) for row in rows)
    return sorted([cell(value) for value in row] for row in rows)


def cell(value):
    """NULL and an empty text, a time with T and Z and one without, a number and its digits: the same."""
    text = "" if value is None else str(value)
    return text.replace("T", " ").rstrip("Z") if text[:4].isdigit() and text[4:5] == "-" else text


# Ten times larger.


def import_large(bench):
    events, files = bench.options.events * 10, bench.options.files * 10
    large = bench.delivery(f"many-{events}-{files}", "--events", events, "--files", files)
    first = first_import(bench)
    case = bench.work / f"{large.name}.trailq"
    run = bench.import_trailq(large, case)
    bench.table.add(
        f"import {events:,} events, {files:,} files", f"{run['seconds']:.1f} s",
        target=f"≤ 11 of {bench.options.events:,} events ({run['seconds'] / first:.1f})", is_met=run["seconds"] <= 11 * first,
    )
    add_peak(bench, [run], 600)
    small_case = bench.case()
    lists = [
        [question for question in questions(values_of(bench, of)) if question.kind == "lookup"] for of in (small_case, case)
    ]
    repls = [Repl(bench, small_case), Repl(bench, case)]
    for small, big in zip(*lists):
        times = [[], []]
        for _ in range(bench.options.runs + 1):
            for index, question in enumerate((small, big)):
                times[index].append(repls[index].ask(question.trailq)[0])
        least = [min(of[1:]) for of in times]
        bench.table.add(
            f"· {big.name}, {events:,} events", f"{least[1] * 1e3:.3g} ms",
            target=f"≤ 2 of {bench.options.events:,} events ({least[1] / least[0]:.2f})", is_met=least[1] <= 2 * least[0],
        )
    for repl in repls:
        repl.close()


def machine():
    def field(path, name):
        try:
            lines = Path(path).read_text().splitlines()
        except OSError:
            return ""
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")

    memory = field("/proc/meminfo", "MemTotal").split(" ")[0]
    gib = f", {int(memory) / MIB:.0f} GiB" if memory else ""
    return f"{peers.CORES} cores of {field('/proc/cpuinfo', 'model name') or platform.processor()}{gib}, {platform.system()} {platform.release()}"


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=489)
    parser.add_argument("--small-files", type=int, default=100_000, help="files of the delivery of 10 events a file")
    parser.add_argument("--runs", type=int, default=5, help="runs of each question, after a warm-up")
    parser.add_argument("--import-runs", type=int, default=3, help="runs of each import")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {', '.join(PARTS)}, large")
    parser.add_argument("--large", action="store_true", help="the 10 times larger delivery too; takes long")
    parser.add_argument("--work", default=str(Path(tempfile.gettempdir()) / "trailq-bench"), help="folder to work in")
    parser.add_argument("--trailq", help="the program to measure, instead of this project's release build")
    chosen = parser.parse_args()
    chosen.parts = [part.strip() for part in chosen.only.split(",")] + (["large"] if chosen.large else [])
    unknown = set(chosen.parts) - set(PARTS) - {"large"}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}, large")
    return chosen


def main():
    chosen = options()
    measured_commit, load_before = commit(), os.getloadavg()[0]
    bench = Bench(chosen)
    runs = {
        "import": compare_imports, "one": import_one, "small": import_small, "again": import_again, "more": import_more,
        "queries": ask_questions, "large": import_large,
    }
    for part, run in runs.items():
        if part in chosen.parts:
            run(bench)
    print(f"{datetime.date.today()} · commit {measured_commit} · {machine()}  ")
    print(f"{bench.versions()} · load average {load_before:.1f} before, {os.getloadavg()[0]:.1f} after  ")
    print(f"`{shlex.join(['tests/bench/compare.py', *sys.argv[1:]])}`\n")
    print(bench.table.markdown())
    print_asked(bench)
    for wrong in bench.wrong:
        print(f"DIFFERENT: {wrong}", file=sys.stderr)
    if bench.wrong:
        sys.exit(1)
    if bench.asked:
        say("all answers are the same in the three engines")


def print_asked(bench):
    print(f"\nWhat was asked of the peers, on {peers.CORES} threads each:\n\n```sql")
    print(f"-- DuckDB, load\n{peers.duckdb_load_sql('DELIVERY/**/*.json.gz', 'the largest file')}")
    print(f"-- ClickHouse, load\n{peers.clickhouse_load_sql('DELIVERY/**/*.json.gz')}")
    print(f"-- ClickHouse, the table of equal work\n{peers.clickhouse_table_sql(wide=True, equal=True)}")
    for question, sql in bench.asked:
        print(f"-- {question.name}; trailq: {question.trailq}")
        for engine in sorted(set(sql), key=lambda engine: engine != "duckdb"):
            if engine == "duckdb" or sql[engine] != sql["duckdb"]:
                print(sql[engine].replace("{events}", "events"))
    print("```")


if __name__ == "__main__":
    main()
