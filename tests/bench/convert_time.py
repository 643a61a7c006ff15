#!/usr/bin/env python3
"""Measures `trailq convert` beside `trailq import` on the same files, one after the other.

    tests/bench/convert_time.py TRAILQ FOLDER [RUNS]

FOLDER is a delivery of `cargo run --release --example generate -- FOLDER`. Prints a line for each run: seconds by the
clock, processor seconds, the peak of memory, and the size of what was written. Output goes to a temporary folder.
"""

import os
import pathlib
import sys
import tempfile
import time


def measured(command):
    begun = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else path.stat().st_size


def main(trailq, folder, runs="1"):
    print("what     seconds  processor  memory MB  size MB")
    for _ in range(int(runs)):
        with tempfile.TemporaryDirectory(dir=".") as scratch:
            case, table = pathlib.Path(scratch, "c.db"), pathlib.Path(scratch, "table")
            for what, out, command in [
                ("import", case, [trailq, "--db", str(case), "import", folder]),
                ("convert", table, [trailq, "convert", folder, str(table)]),
                ("export", table.with_name("exported"), [trailq, "--db", str(case), "export", str(table.with_name("exported"))]),
            ]:
                seconds, processor, memory = measured(command)
                print(f"{what:8} {seconds:7.1f} {processor:10.1f} {memory:10.0f} {size(out) / 1e6:8.0f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
