#!/usr/bin/env python3
"""Asks the table of `trailq convert` on a Spark cluster, and brings records of it into a case.

    spark-submit spark_ask.py TABLE rules --out findings.ndjson         after: trailq hunt --for spark --out rules
    spark-submit spark_ask.py TABLE --lookup 'outcome=denied | top 5 user'
    spark-submit spark_ask.py TABLE --lookup ip=203.0.113.77 --import home.db

Rows are printed as JSON, one a line. Those of a file have its name as `statement`. Needs Spark 4, and for --lookup and
--import trailq on the driver.
"""

import argparse
import concurrent.futures
import contextlib
import pathlib
import subprocess
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

# Statements that are asked at the same time: much of the time of a small one is planning.
AT_ONCE = 4


class AskError(Exception):
    """A statement that was not answered."""


def arguments(words=None):
    parser = argparse.ArgumentParser(description="Ask the table of `trailq convert` on a Spark cluster")
    parser.add_argument("table", metavar="TABLE", help="the folder or URL of the table")
    parser.add_argument("statements", metavar="STATEMENT", nargs="*", help="a .sql file, or a folder of them")
    parser.add_argument("--lookup", metavar="LOOKUP", help="ask a lookup of trailq")
    parser.add_argument("--import", metavar="CASE", dest="case", help="import the records of the lookup into this case")
    parser.add_argument("--out", metavar="FILE", help="write the rows to a file [default: standard output]")
    parser.add_argument("--trailq", metavar="PROGRAM", default="trailq", help="trailq on this machine")
    asked = parser.parse_args(words)
    if bool(asked.lookup is not None) == bool(asked.statements):
        parser.error("give either files of statements or --lookup")
    if asked.case and (asked.lookup is None or asked.out):
        parser.error("--import takes the records of --lookup, and no --out")
    return asked


def statement_of(asked):
    """Returns a lookup as a statement for Spark."""
    kind = ["--format", "records"] if asked.case else []
    done = subprocess.run([asked.trailq, "lookup", "--for", "spark", *kind, "--", asked.lookup], capture_output=True, text=True)
    if done.returncode != 0:
        raise AskError(done.stderr.strip().removeprefix("error: "))
    return done.stdout


def statements_of(names):
    """Yields the statements of files and folders as (name, text)."""
    for path in map(pathlib.Path, names):
        for file in sorted(path.glob("*.sql")) if path.is_dir() else [path]:
            yield file.stem, file.read_text(encoding="utf-8")


def as_json(rows):
    return rows.select(f.to_json(f.struct("*")))


def answers(spark, asked):
    """Yields the names of statements, and their rows as JSON."""
    # Accounts and dates are text.
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    spark.read.parquet(asked.table).createOrReplaceTempView("events")
    if asked.lookup is not None:
        yield None, (row[0] for row in as_json(spark.sql(statement_of(asked))).toLocalIterator())
        return

    def answer(statement):
        name, text = statement
        try:
            rows = spark.sql(text).select(f.lit(name).alias("statement"), "*")
            return name, [row[0] for row in as_json(rows).collect()]
        except PySparkException as error:
            raise AskError(f"{name}: {error}") from error

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(answer, statements_of(asked.statements))


def write(answers, out):
    for name, rows in answers:
        count = 0
        for row in rows:
            out.write(row + "\n")
            count += 1
        if name is not None and count:
            print(f"{name}: {count} row{'' if count == 1 else 's'}", file=sys.stderr, flush=True)


def run(spark, asked):
    """Asks, and returns the exit code."""
    try:
        if asked.case:
            # A lookup with a mistake makes no case.
            found = list(answers(spark, asked))
            command = [asked.trailq, "--db", asked.case, "import", "-"]
            # An import that ends early says why.
            with contextlib.suppress(BrokenPipeError):
                with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8") as importing:
                    write(found, importing.stdin)
            return importing.returncode
        with open(asked.out, "w", encoding="utf-8") if asked.out else contextlib.nullcontext(sys.stdout) as out:
            write(answers(spark, asked), out)
        return 0
    except (AskError, PySparkException) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    asked = arguments()
    sys.exit(run(SparkSession.builder.appName("trailq ask").getOrCreate(), asked))
