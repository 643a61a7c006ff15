#!/usr/bin/env python3
"""Writes src/ingest/record/denied_codes.tsv: the error codes by which AWS services deny access.

    python3 -m venv VENV && VENV/bin/pip install botocore==1.43.0
    VENV/bin/python tests/make_denied_codes.py           # writes the file
    VENV/bin/python tests/make_denied_codes.py --check   # compares it, exit code 1 if it differs

Reads every service model of botocore and takes the exceptions whose name or error code says that
access is denied, unauthorized or forbidden. Codes that no model has are listed below, each with the
document that has it.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import botocore

VERSION = "1.43.0"
FILE = Path(__file__).parent.parent / "src/ingest/record/denied_codes.tsv"

DENIED = re.compile(
    r"denied|unauthori[sz]ed|notauthori[sz]ed|noauthori[sz]ation|forbidden"
    r"|^authori[sz]ation(error|exception)|^authexception$",
    re.IGNORECASE,
)

# Code → the document that has it.
DOCUMENTED = {
    "401": "RFC 9110, Unauthorized",
    "403": "RFC 9110, Forbidden",
    "AllAccessDisabled": "Amazon S3 API Reference, Error responses",
    "AuthFailure": "Amazon EC2 API Reference, Error codes",
    "Client.AuthFailure": "Amazon EC2 API Reference, Error codes",
    "Client.UnauthorizedOperation": "Amazon EC2 API Reference, Error codes",
    "Forbidden": "RFC 9110, Forbidden",
    "NotAuthorized": "AWS API references, Common errors",
    "Server.UnauthorizedOperation": "Amazon EC2 API Reference, Error codes",
    "Unauthorized": "RFC 9110, Unauthorized",
    "UnauthorizedAccess": "public reports of CloudTrail records",
    "VpceAccessDenied": "AWS CloudTrail User Guide, network activity events",
}


def model_codes() -> dict[str, set[str]]:
    """Returns code → the services whose models have it."""
    found = defaultdict(set)
    for path in sorted((Path(botocore.__file__).parent / "data").glob("*/*/service-2.json*")):
        opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
        with opened as file:
            shapes = json.load(file)["shapes"]
        for name, shape in shapes.items():
            if shape.get("exception") or shape.get("error"):
                for code in {name, shape.get("error", {}).get("code", name)}:
                    if DENIED.search(code):
                        found[code].add(path.parts[-3])
    return found


def table() -> str:
    """Returns the file's content."""
    rows = dict(DOCUMENTED)
    for code, services in model_codes().items():
        names = sorted(services)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        rows[code] = "botocore: " + ", ".join(names[:3]) + more
    return "code\tsource\n" + "".join(f"{code}\t{rows[code]}\n" for code in sorted(rows))


def main() -> int:
    if botocore.__version__ != VERSION:
        print(f"botocore {botocore.__version__} is installed, expected {VERSION}", file=sys.stderr)
        return 2
    made = table()
    if "--check" in sys.argv[1:]:
        return 0 if FILE.read_text() == made else 1
    FILE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
