#!/usr/bin/env python3
"""Asks the questions of an investigation of a case, and of the Parquet table of the same events by DuckDB and ClickHouse.

    PYTHON tests/bench/table_questions.py TRAILQ CASE TABLE [RUNS]

PYTHON is that of `python3 tests/engines.py prepare`. CASE is a case of a generated delivery (`cargo run --release --example
generate -- FOLDER`, then `trailq import`), TABLE the folder of `trailq convert` of the same files. The engines run the
statements of `trailq lookup --for`. Prints the best of RUNS in milliseconds for each: of trailq the time of the process,
of the engines that of the statement. Lists are cut to the newest 50 events.
"""

import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import engines  # noqa: E402
import questions  # noqa: E402


def timed(runs, ask):
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        rows = ask()
        times.append((time.perf_counter() - begun) * 1000)
    return min(times), rows


def main(trailq, case, table, runs="3"):
    runs = int(runs)

    def value(sql):
        rows = json.loads(subprocess.check_output([trailq, "--db", case, "--format", "json", "sql", sql]))
        return next(iter(rows[0].values()))

    values = {name: value(sql) for name, sql in questions.VALUES.items()}
    peers = {
        name: engines.ENGINES[name](engines.statement_of(trailq, case, name, "--ddl", "--location", table))
        for name in ("duckdb", "clickhouse")
    }
    print(f"{'question':50} {'rows':>7} {'trailq':>9} {'DuckDB':>9} {'ClickHouse':>11}  milliseconds")
    for question in questions.questions(values):
        lookup = question.trailq
        if lookup.startswith("SELECT"):
            continue
        if question.is_list:
            lookup += " | limit 50"
        command = [trailq, "--db", case, "-q", "--format", "ndjson", "lookup", "--", lookup]
        own, rows = timed(runs, lambda: subprocess.check_output(command).splitlines())
        took = [own]
        for name, peer in peers.items():
            statement = engines.statement_of(trailq, case, name, "--", lookup)
            peer_time, found = timed(runs, lambda: peer.ask(statement))
            assert len(found) == len(rows), f"{name} has {len(found)} rows, trailq {len(rows)}: {lookup}"
            took.append(peer_time)
        print(f"{question.name:50} {len(rows):>7} {took[0]:>9.0f} {took[1]:>9.0f} {took[2]:>11.0f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
