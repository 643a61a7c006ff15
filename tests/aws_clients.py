"""Runs the real AWS CLI and boto3 against `trailq serve`.

    python3 tests/aws_clients.py prepare           makes an environment with both, prints its python; exits with 3 where
                                                   that is not possible, and says why
    PYTHON tests/aws_clients.py check URL TRAILQ CASE    holds what they get against `trailq lookup-events`

The environment is made once, outside the project: in $TRAILQ_AWS_CLIENTS, else in the user's cache.
"""

import contextlib
import datetime
import io
import json
import os
import pathlib
import re
import subprocess
import sys

from python_environment import prepare
import tempfile
import time

# Options that both print the same bytes for.
PAGES = [
    [],
    ["--max-items", "60"],
    ["--page-size", "7", "--max-items", "30"],
    ["--no-paginate"],
    ["--max-results", "5"],
    ["--max-items", "3", "--color", "off", "--cli-read-timeout", "30", "--no-verify-ssl"],
    ["--end-time", "1990-01-01"],
    ["--lookup-attributes", "AttributeKey=ReadOnly,AttributeValue=false", "--max-items", "9"],
    ["--cli-input-json", '{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"alice"}],"EndTime":"2024-03-02T00:00:00"}'],
    ["--cli-input-json", '{"EventCategory":"insight"}', "--event-category", "all", "--max-items", "2"],
]
QUERIES = [
    "Events[].EventId",
    "Events[].[EventTime,EventName,Username]",
    "Events[0]",
    "Events[*].{Time:EventTime,Who:Username,What:EventName}",
    "{b:Events[0].EventName,a:length(Events)}",
    "Events[?Username==`alice`].EventName",
    "Events[?Username=='root' || Username==`\"alice\"`].[EventId,Username]",
    "Events[?EventTime>='2024-03-02T12:00:00'].EventId",
    "Events[].Resources[].ResourceName",
    "Events[].Resources",
    "Events[].[EventId,Resources]",
    "Events[].{r:Resources[].ResourceType,n:EventName}",
    "Events[?length(Resources)>`1`].Resources[0]",
    "Nothing",
    "Events[].Nothing",
    "NextToken",
    "Events[1:3].EventId",
    "Events[::-1].EventId",
    "Events[-1].EventName",
    "sort_by(Events,&EventName)[].EventName",
    "max_by(Events,&EventTime).EventId",
    "Events[?contains(CloudTrailEvent,'us-west-2')].EventId | [0]",
    "Events[?starts_with(EventName,`Get`)].EventName",
    "Events[?!Username].EventId",
    "Events[].not_null(Username,`none`)",
    "join(`, `, Events[].EventName)",
    "sum(Events[].length(Resources))",
    "avg([length(Events), length(Events)])",
    "[floor(`1.5`), ceil(`1.5`), abs(`-1`), `1.5`, `true`, `null`]",
    "{a: `{}`, b: `[]`, c: Events[?Nothing]}",
    "map(&EventName, Events)",
    "type(Events)",
    "Events[0].Nothing || `{}`",
    "reverse(Events)[0].EventId",
    "to_string(length(Events))",
    "Events[*].Resources[*].[ResourceType]",
    "Events[].Resources[] | length(@)",
    "@",
    "*",
]
REQUIREMENTS = ["awscli==1.45.11", "boto3==1.43.11"]


class Check:
    """What the clients get, against what `trailq lookup-events` prints."""

    def __init__(self, url, trailq, case):
        self.url, self.trailq, self.case = url, trailq, case
        self.done = 0
        aws = pathlib.Path(sys.executable).with_name("aws")
        self.aws_command = [str(aws), "--endpoint-url", url, "--no-sign-request", "--region", "us-east-1", "--output", "json"]
        home = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
        self.environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), **home}
        os.environ.update(home)
        import boto3
        import botocore

        self.config = botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"max_attempts": 1})
        self.client = boto3.client("cloudtrail", endpoint_url=url, region_name="us-east-1", config=self.config)
        self.signed = boto3.client(
            "cloudtrail", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="s"
        )
        self.error = botocore.exceptions.ClientError

    def same(self, what, found, expected):
        self.done += 1
        if found != expected:
            raise SystemExit(f"FAILED {what}:\n  found    {str(found)[:2000]}\n  expected {str(expected)[:2000]}")

    # Entries as one shape, whoever printed them.
    @staticmethod
    def plain(entries):
        def time(value):
            if isinstance(value, datetime.datetime):
                return int(value.timestamp())
            if isinstance(value, str):
                return int(datetime.datetime.fromisoformat(value).timestamp())
            return None if value is None else int(value)

        return [{**entry, "EventTime": time(entry.get("EventTime"))} for entry in entries]

    def ours(self, *options):
        command = [self.trailq, "--db", self.case, "lookup-events", *options]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def aws(self, *options):
        command = [*self.aws_command, "cloudtrail", "lookup-events", *options]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def aws_json(self, *options):
        done = self.aws(*options)
        if done.returncode != 0:
            raise SystemExit(f"FAILED aws {options}: {done.stderr}")
        return json.loads(done.stdout)

    def aws_fails(self, name, *options):
        done = self.aws(*options)
        self.same(f"aws {options} fails", (done.returncode != 0, f"({name})" in done.stderr), (True, True))

    def boto_fails(self, name, call, **arguments):
        try:
            call(**arguments)
        except self.error as error:
            self.same(f"{arguments}", error.response["Error"]["Code"], name)
            self.same("a message", bool(error.response["Error"]["Message"]), True)
            # The modeled exceptions are classes of the client's.
            if hasattr(self.client.exceptions, name):
                self.same("its class", isinstance(error, getattr(self.client.exceptions, name)), True)
        else:
            raise SystemExit(f"FAILED {arguments} should be {name}")

    def attributes(self):
        """A value of each attribute that the case has."""
        entries = self.ours("--event-category", "all", "--max-items", "400")["Events"] + self.ours("--max-items", "400")["Events"]
        simple = ["EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId"]
        found = {}
        for entry in entries:
            values = {key: entry[key] for key in simple if key in entry}
            values.update(next(iter(entry["Resources"]), {}))
            for key, value in values.items():
                found.setdefault(key, value)
        return found

    def every_attribute(self):
        attributes = self.attributes()
        self.same("attributes that occur", len(attributes), 8)
        for key, value in attributes.items():
            word = f"AttributeKey={key},AttributeValue={value}"
            expected = self.plain(self.ours("--lookup-attributes", word)["Events"])
            request = [{"AttributeKey": key, "AttributeValue": value}]
            pages = self.client.get_paginator("lookup_events").paginate(LookupAttributes=request)
            self.same(f"boto3 {word}", self.plain(e for page in pages for e in page["Events"]), expected)
            self.same(f"aws {word}", self.plain(self.aws_json("--lookup-attributes", word)["Events"]), expected)

    def periods(self):
        entries = self.ours()["Events"]
        middle = [entries[len(entries) // 3]["EventTime"], entries[len(entries) // 4]["EventTime"]]
        start, end = (datetime.datetime.fromisoformat(time) for time in middle)
        unix = [str(int(time.timestamp())) for time in (start, end)]
        for options, arguments in (
            (["--start-time", middle[0]], {"StartTime": start}),
            (["--end-time", unix[1]], {"EndTime": end}),
            (["--start-time", unix[0], "--end-time", middle[1]], {"StartTime": start, "EndTime": end}),
        ):
            expected = self.plain(self.ours(*options)["Events"])
            pages = self.client.get_paginator("lookup_events").paginate(**arguments)
            self.same(f"boto3 {options}", self.plain(e for page in pages for e in page["Events"]), expected)
            self.same(f"aws {options}", self.plain(self.aws_json(*options)["Events"]), expected)

    def paging(self):
        whole = self.plain(self.ours()["Events"])
        paginator = self.client.get_paginator("lookup_events")
        pages = [page["Events"] for page in paginator.paginate(PaginationConfig={"PageSize": 50})]
        self.same("all pages", self.plain(e for page in pages for e in page), whole)
        self.same("their sizes", [len(page) for page in pages[:-1]], [50] * (len(pages) - 1))
        self.same("aws, all pages", self.plain(self.aws_json()["Events"]), whole)
        first = paginator.paginate(PaginationConfig={"MaxItems": 70, "PageSize": 20}).build_full_result()
        rest = paginator.paginate(PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
        self.same("boto3 goes on", self.plain(first["Events"] + rest["Events"]), whole)
        first = self.aws_json("--max-items", "60")
        self.same("--max-items", len(first["Events"]), min(60, len(whole)))
        rest = self.aws_json("--starting-token", first["NextToken"])
        self.same("aws goes on", self.plain(first["Events"] + rest["Events"]), whole)
        one = self.aws_json("--max-results", "5")
        two = self.aws_json("--max-results", "5", "--next-token", one["NextToken"])
        self.same("--max-results", self.plain(one["Events"] + two["Events"]), whole[:10])
        self.same("--no-paginate", self.plain(self.aws_json("--no-paginate")["Events"]), whole[:50])
        self.same("--query", self.aws_json("--max-items", "2", "--query", "Events[].EventId"), [e["EventId"] for e in whole[:2]])

    def categories(self):
        for category in ("insight", "all"):
            expected = self.plain(self.ours("--event-category", category)["Events"])
            self.same(f"aws {category}", self.plain(self.aws_json("--event-category", category)["Events"]), expected)
            pages = self.signed.get_paginator("lookup_events").paginate(EventCategory=category)
            self.same(f"boto3 {category}", self.plain(e for page in pages for e in page["Events"]), expected)

    def mistakes(self):
        look = self.client.lookup_events
        attribute = {"AttributeKey": "Region", "AttributeValue": "us-east-1"}
        good = {"AttributeKey": "EventName", "AttributeValue": "RunInstances"}
        day = datetime.datetime(2024, 3, 2, tzinfo=datetime.timezone.utc)
        self.boto_fails("InvalidLookupAttributesException", look, LookupAttributes=[attribute])
        self.boto_fails("InvalidLookupAttributesException", look, LookupAttributes=[good, good])
        self.boto_fails("InvalidTimeRangeException", look, StartTime=day, EndTime=day - datetime.timedelta(seconds=1))
        self.boto_fails("InvalidMaxResultsException", look, MaxResults=51)
        self.boto_fails("InvalidNextTokenException", look, NextToken="nonsense")
        token = look(MaxResults=1)["NextToken"]
        self.boto_fails("InvalidNextTokenException", look, NextToken=token, LookupAttributes=[good])
        self.boto_fails("InvalidEventCategoryException", look, EventCategory="data")
        self.boto_fails("UnsupportedOperationException", self.client.describe_trails)
        self.aws_fails("InvalidLookupAttributesException", "--lookup-attributes", "AttributeKey=Region,AttributeValue=x")
        self.aws_fails("InvalidNextTokenException", "--next-token", "nonsense")
        self.aws_fails("InvalidTimeRangeException", "--start-time", "2024-03-02", "--end-time", "2024-03-01")
        self.aws_fails("InvalidMaxResultsException", "--max-results", "51")

    def printed_by_aws(self, options):
        """What the AWS CLI prints, in this process, in UTC and with times as version 2 has them."""
        from awscli.clidriver import create_clidriver

        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = create_clidriver().main([*self.aws_command[1:-2], "cloudtrail", "lookup-events", *options])
        return code != 0, out.getvalue()

    def printed_by_trailq(self, options):
        command = [self.trailq, "--db", self.case, "--quiet", "lookup-events", *options]
        done = subprocess.run(command, capture_output=True)
        return done.returncode != 0, done.stdout.decode()

    def same_bytes(self, options):
        def comparable(text, escape):
            # The AWS CLI packs a token of its own around the service's.
            text = re.sub(r'("NextToken": |^NEXTTOKEN\t)\S+', r"\1TOKEN", text, flags=re.M)
            # trailq escapes what would act on a terminal.
            return re.sub("[\x80-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", escape, text)

        as_json = "text" not in options
        escape = lambda found: f"\\u{ord(found[0]):04x}" if as_json else f"\\u{{{ord(found[0]):x}}}"
        printed = (self.printed_by_trailq(options), self.printed_by_aws(options))
        found, expected = ((failed, comparable(text, escape)) for failed, text in printed)
        self.same(f"lookup-events {options}", found, expected)

    def bytes_of_every_option(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "config"
            config.write_text("[default]\ncli_timestamp_format = iso8601\n")
            os.environ.update(AWS_CONFIG_FILE=str(config), TZ="UTC")
            time.tzset()
            start = self.ours("--max-items", "70")["Events"][-1]["EventTime"]
            for output in ("json", "text"):
                for options in PAGES:
                    self.same_bytes([*options, "--output", output])
                for query in QUERIES:
                    for options in (["--max-items", "60"], ["--page-size", "20", "--start-time", start]):
                        # The token of the AWS CLI's own is printed bare.
                        if query not in ("*", "NextToken") or "--max-items" not in options:
                            self.same_bytes([*options, "--output", output, "--query", query])

    def run(self):
        for part in (self.every_attribute, self.periods, self.paging, self.categories, self.mistakes, self.bytes_of_every_option):
            part()
        print(f"{self.done} comparisons of the AWS CLI and boto3 with {self.case}")
        return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            sys.exit(prepare("aws-clients", REQUIREMENTS, "the AWS clients"))
        case ["check", url, trailq, case]:
            sys.exit(Check(url, trailq, case).run())
        case _:
            sys.exit(__doc__)
