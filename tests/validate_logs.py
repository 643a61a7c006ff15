"""Compares `trailq validate` with the AWS CLI's own `validate-logs` on the same files.

    PYTHON tests/validate_logs.py TRAILQ FOLDER    for each kind of damage writes a delivery into FOLDER, lets both check it, and
                                                   prints a table; exits with 1 where they disagree,
                                                   or where the AWS CLI does not take a command of the guide

PYTHON is the one that `aws_clients.py prepare` makes. validate-logs runs with a bucket and a list of keys that are this
script: it reads the same files as trailq, and the signatures from the metadata that a bucket has.
"""

import base64
import collections
import contextlib
import datetime
import gzip
import hashlib
import io
import json
import pathlib
import shlex
import shutil
import subprocess
import sys

import rsa
from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs
from botocore.exceptions import ClientError
from dateutil import tz

ACCOUNT = "111122223333"
REGION = "us-east-1"
BUCKET = "trail-bucket"
HOURS = 5
KEYS = pathlib.Path(__file__).parent.parent / "testdata" / "digest-keys"


def load(name):
    return rsa.PrivateKey.load_pkcs1((KEYS / name).read_bytes(), "DER")


def public_key(private):
    return rsa.PublicKey(private.n, private.e).save_pkcs1("DER")


def fingerprint(private):
    return hashlib.md5(public_key(private)).hexdigest()


class Delivery:
    """Five hours of one trail, two log files an hour, in a folder; `metadata` is what only the bucket has."""

    def __init__(self, folder, signer, named, starts=()):
        self.folder, self.metadata, self.logs, self.digests = folder, {}, [], []
        day = f"{REGION}/2024/03/01"
        previous = None
        for hour in range(HOURS):
            listed, logs = [], []
            for minute in (15, 40):
                key = f"AWSLogs/{ACCOUNT}/CloudTrail/{day}/{ACCOUNT}_CloudTrail_{REGION}_20240301T{hour:02}{minute}Z_{hour:08}{minute:08}.json.gz"
                content = json.dumps({"Records": [{"eventID": key[-24:-8], "eventName": "x", "eventVersion": "1.08"}]}).encode()
                self.put(key, content)
                logs.append(key)
                listed.append({"s3Bucket": BUCKET, "s3Object": key, "hashValue": hashlib.sha256(content).hexdigest(),
                               "hashAlgorithm": "SHA-256"})
            end = f"2024-03-01T{hour + 1:02}:00:00Z"
            key = (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{day}/{ACCOUNT}_CloudTrail-Digest_{REGION}_main_{REGION}_"
                   f"{end.replace('-', '').replace(':', '')}.json.gz")
            if hour in starts:
                previous = None
            before = previous or {"key": None, "hash": None, "signature": None}
            digest = json.dumps({
                "awsAccountId": ACCOUNT,
                "digestStartTime": f"2024-03-01T{hour:02}:00:00Z",
                "digestEndTime": end,
                "digestS3Bucket": BUCKET,
                "digestS3Object": key,
                "digestPublicKeyFingerprint": fingerprint(named),
                "digestSignatureAlgorithm": "SHA256withRSA",
                "previousDigestS3Bucket": before["key"] and BUCKET,
                "previousDigestS3Object": before["key"],
                "previousDigestHashValue": before["hash"],
                "previousDigestHashAlgorithm": before["key"] and "SHA-256",
                "previousDigestSignature": before["signature"],
                "logFiles": listed,
            }).encode()
            hashed = hashlib.sha256(digest).hexdigest()
            text = f"{end}\n{BUCKET}/{key}\n{hashed}\n{before['signature'] or 'null'}"
            signature = rsa.sign(text.encode(), signer, "SHA-256").hex()
            self.put(key, digest)
            self.metadata[key] = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
            self.logs.append(logs)
            self.digests.append(key)
            previous = {"key": key, "hash": hashed, "signature": signature}

    def path(self, key):
        return self.folder / key

    def put(self, key, content):
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0))

    def content(self, key):
        return gzip.decompress(self.path(key).read_bytes())


class Bucket:
    """S3 as validate-logs uses it."""

    def __init__(self, delivery):
        self.delivery = delivery

    def get_client(self, _):
        return self

    def get_object(self, Bucket, Key):
        path = self.delivery.path(Key)
        if not path.exists():
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no such key"}}, "GetObject")
        return {"Body": io.BytesIO(path.read_bytes()), "Metadata": self.delivery.metadata.get(Key, {})}

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Marker, Prefix):
        return self

    def search(self, _):
        files = (path for path in self.delivery.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.delivery.folder)) for path in files)


class Trail:
    """CloudTrail as validate-logs uses it."""

    def __init__(self, keys):
        self.keys = keys

    def list_public_keys(self, **_):
        return {"PublicKeyList": [{"Value": key_value(key), "Fingerprint": fingerprint(key)} for key in self.keys]}


def key_value(private):
    return base64.b64encode(public_key(private)).decode()


def validate_logs(delivery, keys):
    """What validate-logs says of each object."""
    command = CloudTrailValidateLogs(None)
    command.trail_arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main"
    command.is_verbose, command.s3_bucket, command._source_region = True, BUCKET, REGION
    command.start_time = datetime.datetime(2024, 3, 1, tzinfo=tz.tzutc())
    command.end_time = datetime.datetime(2024, 3, 1, HOURS, 30, tzinfo=tz.tzutc())
    command.s3_client_provider, command.cloudtrail_client = Bucket(delivery), Trail(keys)
    command.organization_client = None
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            command._call()
        except RuntimeError as error:
            # It gives up where there is no key at all.
            out.write(f"gave up: {error}\n")
    said = {}
    for line in out.getvalue().splitlines():
        parts = line.split("\t")
        if len(parts) == 3:
            said[parts[1].removeprefix(f"s3://{BUCKET}/")] = parts[2]
    return said


def trailq(program, delivery, keys):
    """What trailq says of each object: its verdict, or `fine` for one that is valid or consistent."""
    proof = delivery.folder.parent / "proof"
    shutil.rmtree(proof, ignore_errors=True)
    proof.mkdir()
    (proof / "keys.json").write_text(json.dumps(Trail(keys).list_public_keys()))
    (proof / "head.json").write_text(json.dumps({"Metadata": delivery.metadata[delivery.digests[-1]]}))
    done = subprocess.run([program, "--format", "json", "validate", str(delivery.folder), str(proof)], stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout)
    said = {}
    for finding in report["findings"]:
        if finding["object"]:
            said[finding["object"].removeprefix(BUCKET + "/")] = finding["verdict"]
        elif finding["place"]:
            said[finding["place"].removeprefix(str(delivery.folder.resolve()) + "/")] = finding["verdict"]
    totals = collections.Counter()
    for summary in report["summary"]:
        for kind in ("digests", "log_files"):
            totals.update({f"{kind} {verdict}": files for verdict, files in summary[kind].items() if files})
    reasons = [finding["reason"] for finding in report["findings"]]
    return said, totals, reasons, done.returncode


def rewrite(delivery, key, change):
    delivery.put(key, change(delivery.content(key)))


def swap(delivery, one, other):
    first, second = delivery.path(one), delivery.path(other)
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)


def forge(content):
    digest = json.loads(content)
    digest["logFiles"] = digest["logFiles"][:1]
    return json.dumps(digest).encode()


# Kinds of damage: what is done for hours 1, or 1 and 2; None is no damage to files.
LOGS = {
    "log altered": lambda d, key: rewrite(d, key, lambda content: content + b" "),
    "log deleted": lambda d, key: d.path(key).unlink(),
    "log moved": lambda d, key: d.path(key).rename(d.folder / key.rsplit("/", 1)[1]),
    "log compressed again": lambda d, key: d.path(key).write_bytes(gzip.compress(d.content(key), 1, mtime=7)),
    "bytes after the gzip stream": lambda d, key: d.path(key).write_bytes(d.path(key).read_bytes() + b"x"),
    "gzip member after the stream": lambda d, key: d.path(key).write_bytes(d.path(key).read_bytes() + gzip.compress(b"")),
    "log cut off": lambda d, key: d.path(key).write_bytes(d.path(key).read_bytes()[:-20]),
    "log swapped with another": lambda d, key: swap(d, key, d.logs[4][0 if key == d.logs[1][0] else 1]),
}
DIGESTS = {
    "digest altered": lambda d, key: rewrite(d, key, forge),
    "digest deleted": lambda d, key: d.path(key).unlink(),
    "digest compressed again": lambda d, key: d.path(key).write_bytes(gzip.compress(d.content(key), 1, mtime=7)),
    "digest cut off": lambda d, key: d.path(key).write_bytes(d.path(key).read_bytes()[:-20]),
}
# What trailq may say where validate-logs says this. `fine`: valid or consistent.
AGREEMENT = {
    "valid": {"fine"},
    "INVALID: hash value doesn't match": {"altered"},
    "INVALID: not found": {"missing"},
    "INVALID: unexpected data after end of compressed stream": {"altered"},
    "INVALID: invalid format": {"altered"},
    "INVALID: signature verification failed": {"altered"},
}
# Damage that only newer versions of validate-logs find: 1.46 does, 1.45 says that the file is valid.
NEWER = {"bytes after the gzip stream", "gzip member after the stream"}
# Damage that matching by content takes for none: the content is there, under another name.
BY_CONTENT = {"log moved", "log swapped with another"}


def short(said):
    said = said.removeprefix("INVALID: ")
    return "public key not found" if said.startswith("public key not found") else said


def check(program, folder, name, times, damage, keys, signer, named, starts=()):
    """Lets both check one delivery; returns the row of the table and the disagreements."""
    shutil.rmtree(folder, ignore_errors=True)
    delivery = Delivery(folder / "in", signer, named, starts)
    touched = damage(delivery, times)
    theirs = validate_logs(delivery, keys)
    ours, totals, reasons, code = trailq(program, delivery, keys)
    wrong = []
    for key in [*delivery.digests, *(log for logs in delivery.logs for log in logs)]:
        said = theirs.get(key)
        own = ours.get(key, "fine")
        if said is None:
            # validate-logs says nothing of it: trailq may know more, and may know nothing.
            continue
        allowed = AGREEMENT.get(said, {"fine"} if said.startswith("INVALID: public key not found") else None)
        if name in BY_CONTENT and key in touched:
            allowed = {"fine"}
        if name in NEWER and key in touched and said == "valid":
            allowed = {"altered", "fine"}
        if key == delivery.digests[-1] and any("has the signature of no digest here" in reason for reason in reasons):
            # A head-object answer does not name its object.
            allowed = {"fine"}
        if allowed is None or own not in allowed:
            wrong.append(f"{name} x{times}: {key}: validate-logs says {said}, trailq {own}")
    invalid = collections.Counter(short(said) for said in theirs.values() if said != "valid")
    found = {verdict: files for verdict, files in sorted(totals.items()) if not verdict.endswith(" valid")}
    text = lambda counts: ", ".join(f"{files} {what.replace('_', ' ')}" for what, files in counts.items()) or "nothing"
    return f"| {name} | {times} | {text(invalid)} | {text(found)}, exit {code} |", wrong


def collected():
    """The mistakes in the commands of the guide's page about collecting, as the AWS CLI parses them."""
    page = (pathlib.Path(__file__).parent.parent / "src" / "guide" / "collect.md").read_text()
    commands = [line.strip() for line in page.splitlines() if line.strip().startswith("aws ")]
    parsed = [shlex.split(command.split(" > ")[0]) for command in commands]
    services = [words for words in parsed if words[1] != "s3"]
    assert len(services) >= 6 and len(parsed) > len(services), commands
    mistakes = []
    for words in services:
        aws = str(pathlib.Path(sys.executable).with_name("aws"))
        region = [] if "--region" in words else ["--region", REGION]
        command = [aws, *words[1:], *region, "--generate-cli-skeleton", "input"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={"PATH": "", "AWS_EC2_METADATA_DISABLED": "true"})
        if done.returncode != 0:
            mistakes.append(f"{' '.join(words)}: {done.stdout.strip()}")
    return mistakes


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    one, two = load("one.der"), load("two.der")
    rows, wrong = [], collected()

    def run(name, times, damage, keys=(one,), signer=one, named=one, starts=()):
        row, disagreements = check(program, folder, name, times, damage, keys, signer, named, starts)
        rows.append(row)
        wrong.extend(disagreements)

    def nothing(delivery, times):
        return []

    def to_logs(act):
        def damage(delivery, times):
            keys = delivery.logs[1][:times]
            partners = [delivery.logs[4][place] for place in range(times)]
            for key in keys:
                act(delivery, key)
            return keys + partners
        return damage

    def to_digests(act):
        def damage(delivery, times):
            keys = delivery.digests[1:1 + times]
            for key in keys:
                act(delivery, key)
            return keys
        return damage

    run("none", 0, nothing)
    for name, act in LOGS.items():
        for times in (1, 2):
            run(name, times, to_logs(act))
    for name, act in DIGESTS.items():
        for times in (1, 2):
            run(name, times, to_digests(act))
    run("no key", 0, nothing, keys=(two,))
    run("signed with another key", 0, nothing, signer=two)
    run("validation off and on again", 1, nothing, starts=(2,))

    def add(delivery, times):
        for number in range(times):
            key = delivery.logs[2][0].replace("T0215Z_", f"T022{number}Z_")
            delivery.put(key, b'{"Records":[]}')
        return []

    for times in (1, 2):
        run("log added", times, add)
    print("| damage | times | validate-logs | trailq validate |\n|---|---|---|---|")
    print("\n".join(rows))
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        sys.exit(1)


main()
