#!/usr/bin/env python3
"""Measures snapshots: time against `cp`, both to the disk, and sizes against the gzip input and a DuckDB file of the same
events. Prints one table in Markdown.

  tests/bench/snapshots.py CASE --where LOOKUP [--input DIR] [--duckdb FILE] [--runs N] [--trailq PROGRAM]

CASE is only read. LOOKUP should keep about 1 % of its events. In each run everything is done once, one after the other.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20


def timed(work, path):
    """Seconds until a new file is on the disk; it is removed again."""
    path.unlink(missing_ok=True)
    os.sync()
    started = time.perf_counter()
    work(path)
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    size = path.stat().st_size
    path.unlink()
    return seconds, size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--where", required=True)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--duckdb", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--trailq", default=str(Path(__file__).resolve().parents[2] / "target/release/trailq"))
    asked = parser.parse_args()

    def snapshot(*options):
        command = [asked.trailq, "--db", str(asked.case), "--quiet", "snapshot", *options]
        return lambda path: subprocess.run([*command, str(path)], check=True)

    def copy(path):
        subprocess.run(["cp", "--reflink=never", str(asked.case), str(path)], check=True)

    works = {
        "cp": copy,
        "snapshot": snapshot(),
        "selection": snapshot("--where", asked.where),
        "portable": snapshot("--portable"),
    }
    times, sizes = {name: [] for name in works}, {}
    folder = Path(tempfile.mkdtemp(prefix="snapshots-", dir=asked.case.resolve().parent))
    before = os.getloadavg()[0]
    try:
        for _ in range(asked.runs):
            for name, work in works.items():
                seconds, sizes[name] = timed(work, folder / f"{name}.db")
                times[name].append(seconds)
    finally:
        shutil.rmtree(folder)
    least = {name: min(seconds) for name, seconds in times.items()}
    base = {"snapshot": ("cp", 1.5), "selection": ("snapshot", 0.1)}
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after; least of {asked.runs} runs, median in brackets\n")
    print("| file | size | time | ratio | target |  |\n| --- | ---: | ---: | ---: | --- | --- |")
    given = asked.input and sum(file.stat().st_size for file in asked.input.rglob("*") if file.is_file())
    for name, size in (("gzip input", given), ("DuckDB", asked.duckdb and asked.duckdb.stat().st_size)):
        if size:
            print(f"| {name} | {size / MIB:.0f} MiB |  |  |  |  |")
    for name in works:
        ratio = target = met = ""
        if name in base:
            of, most = base[name]
            ratio = least[name] / least[of]
            target, met = f"≤ {most:g} {of}", "met" if ratio <= most else "**missed**"
            ratio = f"{ratio:.2f}"
        taken = f"{least[name]:.2f} ({statistics.median(times[name]):.2f}) s"
        shown = "the case, by cp" if name == "cp" else name
        print(f"| {shown} | {sizes[name] / MIB:.0f} MiB | {taken} | {ratio} | {target} | {met} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
