#!/usr/bin/env python3
"""Imports each detonation of Stratus Red Team as a case of its own, hunts in it, and prints a table in Markdown: which
rule finds it at which level, done or tried, and whether the report of `triage` names the actor.

  tests/bench/detonations.py                          the folder ../shared/corpus/stratus-red-team beside the project
  tests/bench/detonations.py FOLDER --rules SIGMA     another folder of JSON files, and Sigma rules too
  tests/bench/detonations.py --trailq target/debug/trailq

Exits with 1 if a detonation is not found, or if the report does not name its actor. Needs Python 3.9.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LEVELS = ["informational", "low", "medium", "high", "critical"]


def run(trailq, case, *arguments):
    environment = {**os.environ, "TRAILQ_DB": str(case)}
    done = subprocess.run([trailq, "--quiet", *arguments], env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(arguments)} ends with exit code {done.returncode}")
    return done.stdout


def actor_name(principal):
    """Returns what a person reads of a principal: its user name, or its role and session."""
    return (principal or "").rsplit(":", 1)[-1].partition("/")[2] or (principal or "-")


def examine(trailq, file, rules, level):
    """Returns the findings of a detonation, and whether the report names the first actor."""
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case.db"
        run(trailq, case, "import", str(file))
        given = [word for path in rules for word in ("--rules", path)]
        text = run(trailq, case, "hunt", "--format", "json", "--min-level", level, *given)
        findings = json.loads(text or "[]")
        report = run(trailq, case, "--format", "markdown", "run", "triage")
    actor = actor_name(findings[0].get("actor_principal") or findings[0]["principal"]) if findings else None
    return findings, actor is not None and actor in report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpus = PROJECT.parent / "shared" / "corpus" / "stratus-red-team"
    parser.add_argument("folder", nargs="?", type=Path, default=corpus)
    parser.add_argument("--trailq", default=str(PROJECT / "target" / "release" / "trailq"))
    parser.add_argument("--rules", action="append", default=[], metavar="PATH")
    parser.add_argument("--min-level", default="medium", choices=LEVELS)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.json"))
    if not files:
        sys.exit(f"there is no detonation in {options.folder}")
    lost, unnamed = [], []
    print("| detonation | rule | level | done | tried | actor |\n| --- | --- | --- | --- | --- | --- |")
    for file in files:
        findings, named = examine(options.trailq, file, options.rules, options.min_level)
        if not findings:
            lost.append(file.stem)
            print(f"| {file.stem} | - | - | - | - | - |")
        elif not named:
            unnamed.append(file.stem)
        for at, found in enumerate(findings):
            actor = actor_name(found.get("actor_principal") or found["principal"])
            cells = [file.stem if at == 0 else "", found["rule"], found["level"], found["done"], found["tried"], actor]
            print("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    print(f"\n{len(files)} detonations: {len(lost)} not found, {len(unnamed)} whose actor the report does not name")
    for name in lost:
        print(f"- not found: {name}")
    for name in unnamed:
        print(f"- not named: {name}")
    return 1 if lost or unnamed else 0


if __name__ == "__main__":
    sys.exit(main())
