#!/usr/bin/env python3
"""Converts trail files to the table of `trailq convert` on the machines of a Spark cluster.

    spark-submit spark_convert.py [OPTION]... INPUT TABLE

The driver lists the files of INPUT and cuts the list into shares. A task gives its share to `trailq convert`. Then Spark
removes the duplicates that are in more than one file: only files with such rows are written again.

--report FILE gets the account in JSON. The exit code is 0; 1 if records were rejected, which are in TABLE/_rejects; 2 if
something was not converted. The same command again completes the table.

Needs Spark 4 and trailq on every machine: in PATH, by --trailq, or by `spark-submit --files trailq`.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

from pyspark import AccumulatorParam, SparkFiles, TaskContext
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.types import StructType

# The counts of a report of trailq that have a sum: read = stored + duplicate + rejected.
COUNTS = ("files", "ignored_files", "read", "stored", "duplicate", "conflict", "replaced", "rejected")
# Rounds in which shares are tried that failed before.
ROUNDS = 3
# Files that a task copies at the same time.
COPIES = 8
# Columns with a Bloom filter, as trailq writes them.
BLOOM_FILTERS = ("event_id", "shared_event_id", "access_key_id", "issued_access_key_id", "principal_id", "identity_arn",
                 "source_ip_address")
# The option that leaves out the file _SUCCESS.
WITHOUT_MARK = ("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
# The end of the names of files that Spark writes.
WRITTEN_BY_SPARK = ".zstd.parquet"
SETTINGS = {
    # Accounts are text, not numbers.
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    # The content of a file is a row.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
}
EXAMPLES = """\
examples, with a folder that every machine sees, with a store that has commands, and with a store that Spark knows:
  spark-submit spark_convert.py /mnt/trail/AWSLogs /mnt/lake/events
  spark-submit spark_convert.py s3://BUCKET/AWSLogs s3a://LAKE/events \\
    --list "aws s3api list-objects-v2 --bucket BUCKET --prefix AWSLogs/ --query Contents[].[Size,Key] --output text" \\
    --get "aws s3 cp --only-show-errors s3://BUCKET/{source} {target}" \\
    --put "aws s3 cp --only-show-errors {source} s3://LAKE/events/{target}"
  spark-submit spark_convert.py --through-spark s3a://BUCKET/AWSLogs s3a://LAKE/events
"""


class ShareError(Exception):
    """A share that was not converted, with the file or files and the reason."""


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def arguments(words=None):
    parser = argparse.ArgumentParser(
        description="Convert trail files to the table of `trailq convert` on a Spark cluster",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="INPUT", help="the folder or URL of the trail files")
    parser.add_argument("table", metavar="TABLE", help="the folder or URL of the table, as Spark names it")
    parser.add_argument("--by", default="date", choices=["date", "account,region,date"], help="partition by these columns")
    parser.add_argument("--share-mib", type=float, default=64, metavar="N", help="the size of a share [default: %(default)s]")
    parser.add_argument("--trailq", default="trailq", metavar="PROGRAM", help="trailq on the machines")
    parser.add_argument("--temp", metavar="DIR", help="the folder for temporary files on the machines")
    parser.add_argument("--list", metavar="COMMAND", help="prints the files of INPUT, a line `SIZE PATH` each")
    parser.add_argument("--get", metavar="COMMAND", help="copies a file {source} of the list to the local file {target}")
    parser.add_argument("--put", metavar="COMMAND", help="copies the local file {source} to {target} in the table")
    parser.add_argument("--through-spark", action="store_true", help="let Spark read and write files; needs pyarrow")
    parser.add_argument("--keep-duplicates", action="store_true", help="do not look for duplicates in different files")
    parser.add_argument("--report", metavar="FILE", help="write the account in JSON")
    job = parser.parse_args(words)
    for option, names in (("get", ("{source}", "{target}")), ("put", ("{source}", "{target}"))):
        command = getattr(job, option)
        if command and not all(name in command for name in names):
            parser.error(f"--{option} has no {' or no '.join(name for name in names if name not in command)}: {command}")
    if job.through_spark and (job.list or job.get or job.put):
        parser.error("--through-spark takes no --list, --get and --put: Spark lists, reads and writes")
    if job.share_mib <= 0:
        parser.error(f"--share-mib is {job.share_mib}: give more than 0")
    if not job.through_spark and is_url(job.input) and not job.list:
        parser.error(f"trailq cannot read {job.input}: add --list and --get, or --through-spark")
    if not job.through_spark and is_url(job.table) and not (job.put or job.table.startswith("file://")):
        parser.error(f"trailq cannot write {job.table}: add --put or --through-spark")
    # Machines have other working folders than the driver.
    if not is_url(job.table):
        job.table = os.path.abspath(job.table)
    return job


def is_url(path):
    return re.match(r"[a-z][a-z0-9+.-]*:", path) is not None


def last_line(text):
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


def run_command(command, names):
    """Runs a command in which names such as {source} are replaced, and returns its output."""
    words = [re.sub(r"\{(\w+)\}", lambda name: names.get(name[1], name[0]), word) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True)
    except OSError as error:
        raise ShareError(f"{words[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise ShareError(f"{words[0]} ended with {done.returncode}: {last_line(done.stderr)}")
    return done.stdout


# --- The driver: files and shares


def listed_files(spark, job):
    """Returns the files of INPUT as (size, path)."""
    if job.list:
        lines = run_command(job.list, {}).decode().splitlines()
        found = [re.fullmatch(r"\s*(\d+)\s+(.+)", line) for line in lines if line.strip()]
        for line, match in zip(lines, found):
            if match is None:
                raise ShareError(f"--list printed a line that is not `SIZE PATH`: {line[:200]}")
        return [(int(match[1]), match[2]) for match in found if not match[2].endswith("/")]
    if job.through_spark:
        files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(job.input)
        return [tuple(row) for row in files.select("length", "path").collect()]
    if not os.path.exists(job.input):
        raise ShareError(f"{job.input}: there is no such file or folder")
    root, table = os.path.abspath(job.input), os.path.join(job.table, "")
    folders = os.walk(root, onerror=refuse) if os.path.isdir(root) else [(os.path.dirname(root), [], [os.path.basename(root)])]
    paths = [os.path.join(folder, name) for folder, _, names in folders for name in names]
    # trailq says of a link, a socket and so on why it is not read.
    return [(os.lstat(path).st_size, path) for path in paths if not path.startswith(table)]


def refuse(error):
    raise ShareError(f"{error.filename}: {error.strerror}")


def order_of(path, by):
    """Returns the key by which files are sorted. Trails that overlap deliver an event at about the same time: sorted by the
    time in their names, most copies are in one share. A partition by account gets fewer files if accounts come first."""
    name = path.rsplit("/", 1)[-1]
    day, minute = re.search(r"/(\d{4}/\d\d/\d\d)/", path), re.search(r"_(\d{8}T\d{4})", name)
    return (day[1] if day else "", minute[1] if minute and by == "date" else "", name, path)


def shares_of(files, limit, by):
    """Returns lists of paths with about `limit` bytes each."""
    shares, room = [], 0
    for size, path in sorted(files, key=lambda file: order_of(file[1], by)):
        # Small files cost the time to open them.
        size += 4096
        if not shares or size > room:
            shares.append([])
            room = limit
        shares[-1].append(path)
        room -= size
    return shares


# --- A task: a share


def named(share):
    return share[0] if len(share) == 1 else f"{len(share)} files, from {share[0]} to {share[-1]}"


def local_path(folder, name):
    """Returns the path below a folder for the copy of a file; no part of the name leaves the folder."""
    return os.path.join(folder, *(part.replace("..", "%2E%2E") for part in name.split("/") if part not in ("", ".")))


def program(name):
    """Returns the path of trailq on this machine."""
    shipped = SparkFiles.get(os.path.basename(name))
    found = shutil.which(name) or (shipped if os.path.exists(shipped) else None)
    if found is None:
        raise ShareError(f"there is no program {name} on {os.uname().nodename}: install trailq, or add --files to spark-submit")
    return found


def run_trailq(job, share, paths, table, scratch, copied=None):
    """Converts files to a table, and returns trailq's report."""
    command = [program(job.trailq), "convert", "--format", "json", "--by", job.by, "--jobs",
               os.environ.get("SPARK_TASK_CPUS", "1"), "--temp", scratch, *(["--copied", *copied] if copied else []), "-", table]
    done = subprocess.run(command, input=b"\0".join(map(os.fsencode, paths)) + b"\0", capture_output=True)
    if done.returncode < 0:
        raise ShareError(f"trailq was killed by signal {-done.returncode} ({named(share)})")
    if done.returncode not in (0, 1):
        message = done.stderr.decode(errors="replace").strip().replace("\n", "; ")
        raise ShareError(f"trailq ended with {done.returncode} ({named(share)}): {message}")
    return json.loads(done.stdout)


def scratch_folder(job):
    return tempfile.TemporaryDirectory(prefix="trailq-", dir=job.temp)


def get(job, name, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        run_command(job.get, {"source": name, "target": target})
    except ShareError as error:
        raise ShareError(f"{name}: {error}") from error
    return target


def put(job, path, table):
    target = path.relative_to(table).as_posix()
    try:
        run_command(job.put, {"source": str(path), "target": target})
    except ShareError as error:
        raise ShareError(f"{job.table}/{target}: {error}") from error


def convert_share(job, share):
    """Converts the files of a share, and returns trailq's report, or what failed."""
    try:
        with scratch_folder(job) as scratch, concurrent.futures.ThreadPoolExecutor(COPIES) as pool:
            paths, copied, table = share, None, job.table.removeprefix("file://")
            if job.get:
                copies = os.path.join(scratch, "files")
                paths = list(pool.map(lambda name: get(job, name, local_path(copies, name)), share))
                source = next(word for word in shlex.split(job.get) if "{source}" in word)
                copied = (copies, source.partition("{source}")[0])
            if job.put:
                table = os.path.join(scratch, "table")
            report = run_trailq(job, share, paths, table, scratch, copied)
            if job.put:
                written = [path for path in pathlib.Path(table).rglob("*") if path.is_file()]
                list(pool.map(lambda path: put(job, path, table), written))
            return report
    except ShareError as error:
        return {"error": str(error)}
    except OSError as error:
        return {"error": f"{error.filename}: {error.strerror} ({named(share)})"}


def convert_shares(spark, job, shares):
    """Converts shares to the table; each task a share. Returns the reports, and the errors of the last round."""
    reports, waiting = [], shares
    for round_number in range(1, ROUNDS + 1):
        tasks = spark.sparkContext.parallelize(waiting, len(waiting))
        done = tasks.map(lambda share: convert_share(job, share)).collect()
        failed = [(share, report["error"]) for share, report in zip(waiting, done) if "error" in report]
        reports += [report for report in done if "error" not in report]
        if not failed:
            break
        for _, error in failed:
            say(f"round {round_number} of {ROUNDS}: {error}")
        waiting = [share for share, _ in failed]
    return reports, [error for _, error in failed]


# --- Through Spark: it reads and writes the files, and no machine needs to see another's


class ByTask(AccumulatorParam):
    """Reports by the number of a task: a task that ran twice has one."""

    def zero(self, value):
        return {}

    def addInPlace(self, one, other):
        return {**one, **other}


def table_schema(job):
    """Returns the types of the table's columns, and the names of its partitions, from trailq's definition of the table."""
    command = [program(job.trailq), "lookup", "--for", "athena", "--by", job.by, "--ddl"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        raise ShareError(f"trailq ended with {done.returncode}: {last_line(done.stderr)}")
    columns, partitions = re.search(r"\(\n(.*?)\n\)\nPARTITIONED BY \((.*?)\)", done.stdout.decode(), re.DOTALL).groups()
    return StructType.fromDDL(f"{columns}, {partitions}"), re.findall(r"`(\w+)`", partitions)


def batches_of(table, columns, partitions):
    """Returns the rows of a table of Parquet files in batches that have these columns in this order."""
    import pyarrow
    import pyarrow.parquet

    for path in sorted(pathlib.Path(table).rglob("*.parquet")):
        if "_rejects" in path.parts:
            continue
        values = dict(part.split("=", 1) for part in path.relative_to(table).parts[:-1])
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=1024):
            for name in partitions:
                value = None if values[name] == "__HIVE_DEFAULT_PARTITION__" else values[name]
                batch = batch.append_column(name, pyarrow.array([value] * batch.num_rows, pyarrow.string()))
            # Spark goes by the order of columns, not by their names.
            yield batch.select(columns)


def rejects_of(table):
    import pyarrow

    for path in pathlib.Path(table).glob("_rejects/*"):
        with open(path, encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield pyarrow.RecordBatch.from_pydict({"value": [line.rstrip("\n")]})


def through_trailq(job, reports, result):
    """Returns a function for `mapInArrow` that gives the content of files to trailq, and returns what `result` reads of the
    table."""

    def convert(batches):
        with scratch_folder(job) as scratch:
            copies, table, paths, names = os.path.join(scratch, "files"), os.path.join(scratch, "table"), [], []
            for batch in batches:
                for name, content in zip(batch.column("path"), batch.column("content")):
                    names.append(name.as_py())
                    paths.append(local_path(copies, name.as_py().partition(":")[2]))
                    os.makedirs(os.path.dirname(paths[-1]), exist_ok=True)
                    with open(paths[-1], "wb") as file:
                        file.write(content.as_buffer())
            if paths:
                scheme = names[0][: names[0].index(":") + 1] + re.match("/*", names[0].partition(":")[2])[0]
                report = run_trailq(job, names, paths, table, scratch, (copies, scheme))
                reports.add({TaskContext.get().partitionId(): report})
                yield from result(table)

    return convert


def convert_through_spark(spark, job, shares):
    """Converts shares with Spark reading and writing. Returns the reports, and no errors: Spark tries tasks again."""
    schema, partitions = table_schema(job)
    reports = spark.sparkContext.accumulator({}, ByTask())
    content = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(job.input).select("path", "content")
    numbers = [(path, number) for number, share in enumerate(shares) for path in share]
    numbers = spark.createDataFrame(numbers, "path string, share int")
    files = content.join(f.broadcast(numbers), "path").repartition(len(shares), "share")
    rows = files.mapInArrow(through_trailq(job, reports, lambda table: batches_of(table, schema.names, partitions)), schema)
    write(rows, partitions, job.table)
    reports = reports.value
    if any(report["rejected"] for report in reports.values()):
        again = spark.sparkContext.accumulator({}, ByTask())
        of_task = f.spark_partition_id().isin([task for task, report in reports.items() if report["rejected"]])
        rejects = files.where(of_task).mapInArrow(through_trailq(job, again, rejects_of), "value string")
        rejects.write.mode("append").option(*WITHOUT_MARK).text(f"{job.table}/_rejects")
    return list(reports.values()), []


def write(rows, partitions, table):
    """Adds rows to a table, as trailq compresses and sorts them."""
    writer = rows.sortWithinPartitions(*partitions, "time", "event_id").write.mode("append").partitionBy(*partitions)
    writer = writer.option("compression", "zstd").option("parquet.block.size", 32 << 20)
    writer = writer.option(*WITHOUT_MARK)
    for column in BLOOM_FILTERS:
        writer = writer.option(f"parquet.bloom.filter.enabled#{column}", "true")
    writer.option("parquet.bloom.filter.adaptive.enabled", "true").parquet(table)


# --- Duplicates in different files


def read_table(spark, table, files=None):
    """Returns the rows of a table, or of files of it, which are named as `_metadata.file_path` names them."""
    reader = spark.read.option("basePath", table)
    return reader.parquet(*([table] if files is None else map(urllib.parse.unquote, files)))


def remove_duplicates(spark, table):
    """Removes all rows of an event but one, and returns what was done. The row that stays has the most leaves; of those with
    as many, the record with the smallest SHA-256, as in an import."""
    place = ["_metadata.file_path", "_metadata.row_index"]
    rows = read_table(spark, table)
    partitions = [name for name in ("account", "region", "event_date") if name in rows.columns]
    copies = rows.select("event_id", place[0]).groupBy("event_id")
    copies = copies.agg(f.count("*").alias("copies"), f.collect_set("file_path").alias("files")).where("copies > 1").persist()
    files = dict(copies.select(f.explode("files").alias("file_path")).groupBy("file_path").count().collect())
    done = {"events_with_copies": copies.count(), "files_with_copies": len(files), "files_rewritten": 0, "files_removed": 0,
            "removed": 0}
    if not files:
        return done
    # Of copies that are the same, the one in a file that Spark wrote stays: converting files again adds whole files of
    # duplicates, which are then removed without writing any. Else it is the one in the file with the fewest: so the rows
    # to remove are in few files.
    weights = spark.createDataFrame(list(files.items()), "file_path string, weight long")
    order = Window.partitionBy("event_id").orderBy(
        f.desc("leaves"), "hash", f.col("file_path").endswith(WRITTEN_BY_SPARK).desc(), "weight", "file_path", "row_index")
    known = read_table(spark, table, files).select("event_id", "leaves", f.sha2("record", 256).alias("hash"), *place)
    known = known.join(copies.select("event_id"), "event_id", "left_semi").join(f.broadcast(weights), "file_path")
    known = known.withColumn("rank", f.row_number().over(order))
    losers = known.where("rank > 1").select("file_path", "row_index").persist()
    removed = {row["file_path"]: row["count"] for row in losers.groupBy("file_path").count().collect()}
    sizes = read_table(spark, table, list(removed)).groupBy(place[0]).count().collect()
    rewritten = [row["file_path"] for row in sizes if row["count"] > removed[row["file_path"]]]
    if rewritten:
        kept = read_table(spark, table, rewritten).select("*", *place).join(losers, ["file_path", "row_index"], "left_anti")
        kept = kept.repartition(len(rewritten), *partitions, "file_path").drop("row_index", "file_path")
        write(kept, partitions, table)
    for file in removed:
        delete(spark, file)
    done.update(files_rewritten=len(rewritten), files_removed=len(removed) - len(rewritten), removed=sum(removed.values()))
    return done


def delete(spark, url):
    """Deletes a file of any store that Spark knows."""
    path = spark._jvm.org.apache.hadoop.fs.Path(urllib.parse.unquote(url))
    path.getFileSystem(spark._jsc.hadoopConfiguration()).delete(path, False)


# --- The report


def summarize(shares, reports):
    """Returns the sums over the tasks' reports."""
    sums = collections.Counter()
    for report in reports:
        sums.update({name: report[name] for name in COUNTS})
    if sums["read"] != sums["stored"] + sums["duplicate"] + sums["rejected"]:
        raise ShareError(f"the tasks' reports do not add up: {dict(sums)}")
    ignored = [one for report in reports for one in report.get("ignored", [])]
    return {"shares": len(shares), **{name: sums[name] for name in COUNTS}, "ignored": ignored}


def convert(spark, job):
    """Runs a job, and returns its report and the exit code."""
    for name, value in SETTINGS.items():
        spark.conf.set(name, value)
    begun = time.monotonic()
    files = listed_files(spark, job)
    if not files:
        raise ShareError(f"{job.input} has no files")
    shares = shares_of(files, int(job.share_mib * (1 << 20)), job.by)
    say(f"{len(files)} files, {sum(size for size, _ in files) / 1e6:.0f} MB, in {len(shares)} {'share' if len(shares) == 1 else 'shares'}")
    reports, errors = (convert_through_spark if job.through_spark else convert_shares)(spark, job, shares)
    report = summarize(shares, reports)
    report["convert_seconds"] = round(time.monotonic() - begun, 1)
    say(f"{report['read']} records read: {report['stored']} stored, {report['duplicate']} duplicates, {report['rejected']} rejected")
    report["errors"] = errors
    if errors:
        say(f"not converted: {len(errors)} of {len(shares)} shares; the same command again completes the table")
        return report, 2
    if report["stored"] and not job.keep_duplicates:
        begun = time.monotonic()
        report |= remove_duplicates(spark, job.table)
        report["duplicates_seconds"] = round(time.monotonic() - begun, 1)
        say(f"duplicates in different files: {report['removed']} rows removed; of {report['files_with_copies']} files with "
            f"copies {report['files_rewritten']} written again and {report['files_removed']} removed")
    if report["stored"]:
        report["rows"] = read_table(spark, job.table).count()
        say(f"the table has {report['rows']} rows")
    return report, 1 if report["rejected"] else 0


def main():
    job = arguments()
    spark = SparkSession.builder.appName("trailq convert").getOrCreate()
    try:
        report, code = convert(spark, job)
    except ShareError as error:
        say(f"error: {error}")
        return 2
    if job.report:
        pathlib.Path(job.report).write_text(json.dumps(report, indent=2) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
