#!/usr/bin/env python3
"""Counts the events of trail files, without any of trailq's code: the figures that its own must match.

    python3 tests/independent_counts.py PATH... [--json]

Reads files and folders: `{"Records":[...]}`, bare records, arrays, NDJSON and concatenated JSON,
the usual envelopes (lookup-events, EventBridge, CloudWatch Logs), and gzip and zip around them.
CSV downloads are not read. An event is a distinct eventID; a record without one is an event by its
content. Of two records with one eventID the one with more leaves counts. Values that are absent,
or not of their type, are not counted. Whatever cannot be read is named on standard error.

Prints JSON: indented, or on one line with --json.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from pathlib import Path

# Output name → field of the record.
PLAIN_FIELDS = {
    "event_name": "eventName",
    "event_source": "eventSource",
    "source_ip_address": "sourceIPAddress",
    "error_code": "errorCode",
}

RECORD_FIELDS = ("eventVersion", "eventName", "eventID")
HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\d(?=:\d\d:\d\d)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="trail file or folder")
    parser.add_argument("--json", action="store_true", help="print on one line")
    options = parser.parse_args()
    counts = count(record for path in options.paths for record in read_path(path))
    print(json.dumps(counts, indent=None if options.json else 2, ensure_ascii=False))
    return 0


def count(records) -> dict:
    """The figures over all distinct events of `records`."""
    read = 0
    events: dict[str, dict] = {}
    for record in records:
        read += 1
        key = event_key(record)
        if key not in events or rank(record) > rank(events[key]):
            events[key] = record

    names = [*PLAIN_FIELDS, "user_name", "access_key_id", "hour"]
    counters = {name: Counter() for name in names}
    for record in events.values():
        for name, value in attributes(record):
            if isinstance(value, str) and value:
                counters[name][value] += 1
    by_count = {name: dict(counter.most_common()) for name, counter in counters.items()}
    by_count["hour"] = dict(sorted(counters["hour"].items()))
    return {"records": read, "distinct_event_ids": len(events), **by_count}


def attributes(record: dict):
    """(output name, value) pairs; a value may be absent or of a wrong type."""
    for name, field in PLAIN_FIELDS.items():
        yield name, record.get(field)
    identity = record.get("userIdentity")
    if isinstance(identity, dict):
        yield "user_name", user_name(identity)
        yield "access_key_id", identity.get("accessKeyId")
    time = record.get("eventTime")
    match = HOUR.match(time) if isinstance(time, str) else None
    yield "hour", match and match.group()


def user_name(identity: dict):
    """Event history's Username: for an assumed role the session's name, for root `root`."""
    if identity.get("type") == "Root":
        return "root"
    if identity.get("type") == "AssumedRole":
        return str(identity.get("principalId", "")).partition(":")[2]
    return identity.get("userName")


def event_key(record: dict) -> str:
    return record.get("eventID") or record.get("eventId") or canonical(record)


def canonical(record: dict) -> str:
    return json.dumps(record, sort_keys=True)


def rank(record: dict):
    """Which of two contents of one event counts: the one with more leaves, else a fixed choice."""
    digest = hashlib.sha256(canonical(record).encode()).digest()
    return leaves(record), bytes(255 - byte for byte in digest)


def leaves(value) -> int:
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    if isinstance(value, list):
        return sum(map(leaves, value))
    return 1


# Files, and what is wrapped in them.


def read_path(path: Path):
    if not path.is_dir():
        yield from read_bytes(path.read_bytes(), str(path))
        return
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        yield from read_bytes(file.read_bytes(), str(file))


def read_bytes(data: bytes, name: str):
    """Records of a file or of a zip's member, however often it is compressed."""
    if data.startswith(b"\x1f\x8b"):
        yield from read_bytes(decompress(data, name), name)
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from read_bytes(archive.read(member), f"{name}/{member}")
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            warn(name, error)
            return
        for value in json_values(text, name):
            yield from unwrap(value, name)


def decompress(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        warn(name, error)
        return b""


def json_values(text: str, name: str):
    """One JSON value, or several one after the other; after an error the next line that begins with `{`."""
    decoder = json.JSONDecoder()
    position = skip_space(text, 0)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
            yield value
        except (json.JSONDecodeError, RecursionError) as error:
            warn(name, error)
            position = (text.find("\n{", position) + 1) or len(text)
        position = skip_space(text, position)


def skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def unwrap(value, name: str):
    """The records inside a JSON value."""
    if isinstance(value, list):
        for element in value:
            yield from unwrap(element, name)
    elif isinstance(value, str):  # a record as text inside an envelope
        for inner in json_values(value, name):
            yield from unwrap(inner, name)
    elif isinstance(value, dict):
        if any(field in value for field in RECORD_FIELDS):
            yield value
            return
        for envelope in ("Records", "Events", "CloudTrailEvent", "detail", "logEvents", "events", "message"):
            if envelope in value:
                yield from unwrap(value[envelope], name)
                return


def warn(name: str, error: Exception) -> None:
    print(f"{name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
