#!/usr/bin/env python3
"""Hunts in a case and prints how many lines there are to read of each level, and the hits of each rule in Markdown.

  tests/bench/hunt_lines.py CASE.db                       the built-in detections
  tests/bench/hunt_lines.py CASE.db --rules testdata/sigma   Sigma rules too
  tests/bench/hunt_lines.py CASE.db --max-high 10 --max-medium 40

A line is a finding that is neither routine nor widespread. A rule with widespread findings is one more line, at the
highest of their levels. Exits with 1 if there are more lines than the limits allow. Needs Python 3.9.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LEVELS = ["critical", "high", "medium", "low", "informational"]


def hunt(trailq, case, rules, level):
    """Returns the findings of a case of at least a level, one object each."""
    given = [word for path in rules for word in ("--rules", path)]
    command = [trailq, "--quiet", "hunt", "--format", "json", "--min-level", level, *given]
    done = subprocess.run(command, env={**os.environ, "TRAILQ_DB": str(case)}, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"trailq hunt ends with exit code {done.returncode}")
    return json.loads(done.stdout or "[]")


def count(findings):
    """Returns the lines of each level, and of each rule its level, lines, widespread and routine findings, and hits."""
    lines, rules = collections.Counter(), {}
    for found in findings:
        first = {"level": found["level"], "title": found["title"], "widespread_level": None}
        rule = rules.setdefault(found["rule"], first)
        rule["level"] = min(rule["level"], found["level"], key=LEVELS.index)
        kind = "routine" if found["routine"] else "widespread" if found["widespread"] else "line"
        rule[kind] = rule.get(kind, 0) + 1
        rule["hits"] = rule.get("hits", 0) + found["done"] + found["tried"]
        if kind == "line":
            lines[found["level"]] += 1
        elif kind == "widespread":
            before = rule["widespread_level"] or found["level"]
            rule["widespread_level"] = min(before, found["level"], key=LEVELS.index)
    lines.update(rule["widespread_level"] for rule in rules.values() if rule["widespread_level"])
    return lines, rules


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--trailq", default=str(PROJECT / "target" / "release" / "trailq"))
    parser.add_argument("--rules", action="append", default=[], metavar="PATH")
    parser.add_argument("--max-high", type=int, metavar="LINES", help="the most lines of level high and critical")
    parser.add_argument("--max-medium", type=int, metavar="LINES", help="the most lines of level medium")
    parser.add_argument("--min-level", default="medium", choices=LEVELS, help="of the findings [default: medium]")
    options = parser.parse_args()
    lines, rules = count(hunt(options.trailq, options.case, options.rules, options.min_level))
    print("| level | lines |\n| --- | ---: |")
    for level in LEVELS[: LEVELS.index(options.min_level) + 1]:
        print(f"| {level} | {lines[level]} |")
    print("\n| rule | title | level | lines | widespread | routine | hits |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    for name, rule in sorted(rules.items(), key=lambda shown: (LEVELS.index(shown[1]["level"]), shown[0])):
        counts = [rule.get(key, 0) for key in ("line", "widespread", "routine", "hits")]
        title = rule["title"].replace("|", "\\|")
        print(f"| {name} | {title} | {rule['level']} | " + " | ".join(map(str, counts)) + " |")
    high = lines["critical"] + lines["high"]
    over_high = options.max_high is not None and high > options.max_high
    return 1 if over_high or (options.max_medium is not None and lines["medium"] > options.max_medium) else 0


if __name__ == "__main__":
    sys.exit(main())
