#!/usr/bin/env python3
"""Measures `trailq validate` beside `sha256sum` on the same small files. Prints one table in Markdown.

  tests/bench/validate_time.py TRAILQ FOLDER [--files N] [--runs N]

Writes N log files into FOLDER, 100,000 by default, and a digest for each 100 of them, unless it has them. sha256sum hashes the
compressed bytes of each file; trailq decompresses each file and hashes its content. Both read the files from the page cache.
"""

import argparse
import gzip
import hashlib
import json
import resource
import statistics
import subprocess
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ACCOUNT, REGION, BUCKET = "111122223333", "us-east-1", "trail-bucket"
PER_DIGEST = 100
RECORDS = 12


def record(number):
    return {
        "eventVersion": "1.08",
        "eventID": f"{number:08x}-0000-4000-8000-{number:012x}",
        "eventTime": "2024-03-01T09:00:00Z",
        "eventName": "DescribeInstances",
        "eventSource": "ec2.amazonaws.com",
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "requestParameters": {"instancesSet": {"items": [{"instanceId": f"i-{number:017x}"}]}},
    }


def write(folder, files):
    start, previous = datetime(2020, 1, 1, tzinfo=timezone.utc), None
    for first in range(0, files, PER_DIGEST):
        end = start + timedelta(hours=1)
        listed = []
        for number in range(first, min(first + PER_DIGEST, files)):
            at = start + timedelta(seconds=36 * (number - first))
            key = (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{at:%Y/%m/%d}/"
                   f"{ACCOUNT}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{number:016d}.json.gz")
            content = json.dumps({"Records": [record(number * RECORDS + n) for n in range(RECORDS)]}).encode()
            put(folder / key, content)
            listed.append({"s3Bucket": BUCKET, "s3Object": key, "hashValue": hashlib.sha256(content).hexdigest(), "hashAlgorithm": "SHA-256"})
        key = (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{end:%Y/%m/%d}/"
               f"{ACCOUNT}_CloudTrail-Digest_{REGION}_main_{REGION}_{end:%Y%m%dT%H%M%SZ}.json.gz")
        before = previous or (None, None)
        content = json.dumps({
            "awsAccountId": ACCOUNT, "digestStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}", "digestEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "digestS3Bucket": BUCKET, "digestS3Object": key, "digestPublicKeyFingerprint": "0" * 32,
            "digestSignatureAlgorithm": "SHA256withRSA", "previousDigestS3Bucket": before[0] and BUCKET,
            "previousDigestS3Object": before[0], "previousDigestHashValue": before[1],
            "previousDigestHashAlgorithm": before[0] and "SHA-256", "previousDigestSignature": before[0] and "00" * 256,
            "logFiles": listed,
        }).encode()
        put(folder / key, content)
        previous, start = (key, hashlib.sha256(content).hexdigest()), end


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 6, mtime=0))


def timed(command, folder):
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trailq", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not options.folder.exists():
        write(options.folder, options.files)
    commands = {
        "sha256sum": ["sh", "-c", "find . -type f -print0 | xargs -0 sha256sum"],
        "trailq validate": [str(options.trailq.resolve()), "validate", "."],
    }
    times = {name: [] for name in commands}
    for _ in range(options.runs):
        for name, command in commands.items():
            times[name].append(timed(command, options.folder))
    peak = subprocess.run(
        ["/usr/bin/env", "python3", "-c",
         "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
         "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)", *commands["trailq validate"]],
        cwd=options.folder, capture_output=True, text=True, check=True).stdout.strip()
    print("| program | seconds | processor seconds |\n|---|---|---|")
    for name, runs in times.items():
        print(f"| {name} | {statistics.median(wall for wall, _ in runs):.2f} | {statistics.median(cpu for _, cpu in runs):.2f} |")
    print(f"\ntrailq's peak memory: {peak} MiB")


if __name__ == "__main__":
    main()
