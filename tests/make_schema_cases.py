#!/usr/bin/env python3
"""Writes testdata/schema-N/: a case, a whole and a partial snapshot, made by the trailq of schema version N.

    python3 tests/make_schema_cases.py PROGRAM N

PROGRAM is the binary of the last commit that writes schema version N. The files are kept compressed, as they must stay
what that trailq made for ever: they are never made again by a later one. Ids, times of snapshots and the names of the
machine differ from run to run.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The ledger has the paths of the files.
FOLDER = Path("/tmp/trailq-schema-cases")


def record(number: int, **more: object) -> dict[str, object]:
    user = {
        "type": "IAMUser",
        "principalId": "AIDASCHEMACASESEXAMPLE",
        "arn": "arn:aws:iam::111122223333:user/alice",
        "accountId": "111122223333",
        "accessKeyId": "AKIASCHEMACASEXAMPLE",
        "userName": "alice",
    }
    return {
        "eventVersion": "1.08",
        "userIdentity": user,
        "eventTime": f"2024-03-01T09:{number:02}:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "RunInstances",
        "awsRegion": "us-east-1",
        "sourceIPAddress": f"192.0.2.{number}",
        "userAgent": "aws-cli/2.15.0",
        "eventID": f"00000000-0000-4000-8000-{number:012}",
        "readOnly": False,
        "recipientAccountId": "111122223333",
    } | more


def row(number: int, name: str) -> str:
    return f"{name},2024-03-01T09:{number:02}:00Z,alice,ec2.amazonaws.com,00000000-0000-4000-8000-{number:012}\n"


def write_input(folder: Path) -> None:
    folder.mkdir(parents=True)
    instance = {"instancesSet": {"items": [{"instanceId": "i-0000000000000001"}]}}
    # A row of a download that a record replaces, and one that stays.
    (folder / "0.csv").write_text(
        "Event name,Event time,User name,Event source,Event ID\n" + row(1, "RunInstances") + row(6, "DeleteVolume")
    )
    records = [
        record(1, requestParameters={"instanceType": "t3.micro"}, responseElements=instance),
        record(2, errorCode="Client.UnauthorizedOperation", errorMessage="You are not authorized."),
        record(3, eventName="StopInstances"),
        record(4),
    ]
    (folder / "a.json").write_text(json.dumps({"Records": records}))
    # A record that differs, one twice, one that is broken, and one without a time.
    lines = [
        json.dumps(record(4, requestParameters={"more": 1})),
        json.dumps(record(3, eventName="StopInstances")),
        '{"eventID":"broken",}',
        json.dumps(record(5, eventTime="soon")),
    ]
    (folder / "b.ndjson").write_text("\n".join(lines) + "\n")
    digest = {
        "awsAccountId": "111122223333",
        "digestStartTime": "2024-03-01T09:00:00Z",
        "digestEndTime": "2024-03-01T10:00:00Z",
        "digestS3Bucket": "acme-trail",
        "digestS3Object": "AWSLogs/111122223333/CloudTrail-Digest/digest.json.gz",
        "logFiles": [{"s3Bucket": "acme-trail", "s3Object": "AWSLogs/111122223333/CloudTrail/a.json", "hashValue": "00"}],
    }
    (folder / "d.json").write_text(json.dumps(digest))


def main(program: str, version: int) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    write_input(FOLDER / "in")
    query = FOLDER / "mine.sql"
    query.write_text("-- title: What was stopped\n-- about: Stopped instances.\n-- columns: event_id\nSELECT event_id FROM events WHERE event_name = 'StopInstances'\n")

    def run(*arguments: str, expect: int = 0) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(FOLDER), "USER": "tester"}
        done = subprocess.run([program, *arguments], cwd=FOLDER, env=environment, check=False)
        assert done.returncode == expect, arguments

    run("--db", "case.db", "import", "in", expect=1)
    script = FOLDER / "keep.trailq"
    script.write_text(
        "event-name=StopInstances\n.tag 1 odd \"why\"\n.note looked at by hand\n.noise add reads-of-alice user=alice read-only=true\n"
    )
    run("--db", "case.db", "script", str(script))
    run("--db", "case.db", "queries", "--save", str(query))
    run("--db", "case.db", "snapshot", "whole.db")
    run("--db", "case.db", "snapshot", "--where", "event-name=RunInstances,StopInstances", "partial.db")
    out = Path(__file__).parent.parent / "testdata" / f"schema-{version}"
    out.mkdir(parents=True, exist_ok=True)
    for name in ["case.db", "whole.db", "partial.db"]:
        data = (FOLDER / name).read_bytes()
        # The file header has the schema version in bytes 60 to 63.
        assert int.from_bytes(data[60:64], "big") == version, f"{program} writes another schema version"
        (out / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
