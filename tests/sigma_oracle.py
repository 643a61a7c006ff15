"""Random Sigma rules and CloudTrail records, with the events that each rule matches by an evaluator of its own.

    python3 sigma_oracle.py SEED FOLDER

writes FOLDER/events.json, FOLDER/rules/*.yml (JSON, which is YAML) and FOLDER/expected.json. It needs the standard library
only, and shares nothing with the program.
"""

import ipaddress
import json
import random
import re
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path

EVENTS = 150
RULES = 160
CORRELATIONS = 24
START = datetime(2024, 3, 1, tzinfo=timezone.utc)

NAMES = ["CreateUser", "DeleteUser", "GetObject", "PutObject", "AssumeRole", "createuser", "ConsoleLogin"]
SOURCES = ["iam.amazonaws.com", "s3.amazonaws.com", "sts.amazonaws.com", "IAM.amazonaws.com"]
REGIONS = ["us-east-1", "us-west-2", "eu-central-1"]
AGENTS = ["aws-cli/2.1 Linux", "Boto3/1.20 kali", "console.amazonaws.com", "Terraform/1.0 (+x)", "KALI-Tool"]
ADDRESSES = ["10.0.0.5", "10.1.2.3", "203.0.113.7", "2001:db8::7", "cloudformation.amazonaws.com"]
ERRORS = ["AccessDenied", "AccessDeniedException", "NoSuchBucket", ""]
WORDS = ["prod", "Prod-Logs", "back*up", "a?c", "abc", "x\\y", 'say "hi"', "Zürich", "ZÜRICH", "ΣΟΦΟΣ", "σοφος", "ſkill",
         "SKILL", "0.0.0.0/0", "true", "22", "2", "a,b|c)", "line\nbreak", "*", "${x}", "@file", "203.0.113.77"]
NUMBERS = [0, 1, 2, 22, 1.5, 100, -3, 22.0]
#: Fields that trailq has a column of: an empty text in them is stored as an absent one.
COLUMNS = {"eventName", "eventSource", "awsRegion", "recipientAccountId", "sourceIPAddress", "errorCode", "errorMessage",
           "userAgent", "eventType", "eventCategory", "userIdentity.type", "userIdentity.arn", "readOnly"}


# Records.

def some(rng, value, chance=0.6):
    return value if rng.random() < chance else None


def leaf(rng):
    kind = rng.randrange(10)
    if kind < 6:
        return rng.choice(WORDS)
    if kind < 8:
        return rng.choice(NUMBERS)
    return rng.choice([True, False, None, ""])


def tree(rng, depth=0):
    kind = rng.randrange(8)
    if depth == 3 or kind < 4:
        return leaf(rng)
    if kind < 6:
        return [tree(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(["a", "b", "c"]): tree(rng, depth + 1) for _ in range(rng.randrange(3))}


def numbers(rng):
    number = lambda: rng.choice([rng.choice(NUMBERS), str(rng.choice(NUMBERS))])
    return number() if rng.random() < 0.7 else [number(), number()]


def record(rng, index):
    user = rng.choice(["alice", "bob", "Alice"])
    made = {
        "eventVersion": "1.08",
        "eventID": f"id-{index:04}",
        "eventTime": (START + timedelta(seconds=rng.randrange(1200))).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventName": rng.choice(NAMES),
        "eventSource": rng.choice(SOURCES),
        "awsRegion": rng.choice(REGIONS),
        "sourceIPAddress": rng.choice(ADDRESSES),
        "userAgent": some(rng, rng.choice(AGENTS), 0.9),
        "recipientAccountId": rng.choice(["111122223333", "012345678901"]),
        "errorCode": some(rng, rng.choice(ERRORS), 0.4),
        "errorMessage": some(rng, rng.choice(WORDS), 0.3),
        "readOnly": some(rng, rng.choice([True, False])),
        "userIdentity": {
            "type": rng.choice(["IAMUser", "Root", "AssumedRole"]),
            "arn": some(rng, f"arn:aws:iam::111122223333:user/{user}"),
            "userName": user,
        },
        "requestParameters": some(rng, {
            "userName": rng.choice(["alice", "bob"]),
            "count": numbers(rng),
            **{key: tree(rng) for key in ["name", "items", "policy"] if rng.random() < 0.7},
        }, 0.9),
        "responseElements": some(rng, {"ConsoleLogin": rng.choice(["Success", "Failure"]), "list": tree(rng)}, 0.4),
    }
    return {key: value for key, value in made.items() if value is not None or rng.random() < 0.3}


def spelled(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain(record_text):
    """A record with the escapes of its texts decoded."""
    escapes = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    decode = lambda found: chr(int(found[1][1:], 16)) if found[1][0] == "u" else escapes.get(found[1], found[1])
    return re.sub(r"\\(u[0-9a-f]{4}|.)", decode, record_text)


# The evaluator.

def at(value, keys):
    """The values at a path; the elements of lists one by one, and a list as a whole."""
    if isinstance(value, list):
        return [found for element in value for found in at(element, keys)] if keys else flat(value) + [("list", value)]
    if not keys:
        return flat(value)
    return at(value[keys[0]], keys[1:]) if isinstance(value, dict) and keys[0] in value else []


def flat(value):
    if isinstance(value, list):
        return [found for element in value for found in flat(element)]
    return [] if value is None else [("value", value)]


def texts(kind, value):
    """A value as texts that a pattern may match."""
    if kind == "list" or isinstance(value, dict):
        return [spelled(value)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, (int, float)):
        return [spelled(value)] + ([repr(float(value))] if isinstance(value, float) else [])
    return [value]


def pattern(text, before="", after=""):
    made, place = [], 0
    while place < len(text):
        this, following = text[place], text[place + 1:place + 2]
        if this == "\\" and following in ("*", "?", "\\") and following:
            made.append(re.escape(following))
            place += 1
        else:
            made.append({"*": ".*", "?": "."}.get(this) or re.escape(this))
        place += 1
    return before + "".join(made) + after


def number(text):
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text, re.A):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def matches_one(name, modifiers, wanted, event):
    """Whether a field of an event matches one value."""
    found = at(event, name.split("."))
    if name in COLUMNS:
        present = [pair for pair in found if pair[1] != ""]
    else:
        present = [pair for pair in found if pair[0] != "list"]
    if "exists" in modifiers:
        return bool(present) == wanted
    if wanted is None:
        return not present
    flags = re.S if "cased" in modifiers else re.S | re.I
    every = [text for pair in found for text in texts(*pair)]
    scalars = [text for kind, value in found if kind == "value" and not isinstance(value, dict)
               for text in texts(kind, value)]
    if "re" in modifiers:
        flags = re.I if "i" in modifiers else 0
        return any(re.search(wanted, text, flags) for text in scalars)
    if "cidr" in modifiers:
        return any(in_network(text, wanted) for text in scalars)
    for comparison in ("lt", "lte", "gt", "gte"):
        if comparison in modifiers:
            holds = {"lt": Decimal.__lt__, "lte": Decimal.__le__, "gt": Decimal.__gt__, "gte": Decimal.__ge__}[comparison]
            return any(number(text) is not None and holds(number(text), Decimal(str(wanted))) for text in scalars)
    if isinstance(wanted, bool):
        wanted = "true" if wanted else "false"
    if isinstance(wanted, (int, float)) and not {"contains", "startswith", "endswith"} & modifiers:
        spellings = {str(wanted), repr(float(wanted))} | ({str(int(wanted))} if float(wanted).is_integer() else set())
        return any(
            float(value) == float(wanted) if isinstance(value, (int, float)) and not isinstance(value, bool)
            else value in spellings
            for kind, value in found if kind == "value" and isinstance(value, (int, float, str))
        )
    if wanted and set(str(wanted)) == {"*"} and not modifiers & {"re", "cidr"}:
        return bool(present)
    around = {"contains": (".*", ".*"), "startswith": ("", ".*"), "endswith": (".*", "")}
    before, after = next((around[key] for key in around if key in modifiers), ("", ""))
    whole = pattern(str(wanted), before, after)
    return any(re.fullmatch(whole, text, flags) for text in (scalars if is_of_values(modifiers, wanted) else every))


def is_of_values(modifiers, wanted):
    """Whether a pattern is asked of single values only, and not of the JSON of objects and lists."""
    return "cased" in modifiers or re.search(r"(?<!\\)(?:\\\\)*\?", str(wanted)) is not None


def in_network(text, network):
    try:
        inner, outer = ipaddress.ip_network(text, strict=False), ipaddress.ip_network(network)
    except ValueError:
        return False
    return inner.version == outer.version and inner.subnet_of(outer)


def matches_item(key, wanted, event):
    name, *modifiers = key.split("|")
    modifiers = set(modifiers)
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if not name:
        return matches_keywords(wanted, event, all if "all" in modifiers else any)
    join = all if "all" in modifiers else any
    holds = join(matches_one(name, modifiers, one, event) for one in wanted)
    return holds != ("neq" in modifiers)


def matches_keywords(words, event, join):
    text = plain(spelled(event))
    return join(re.search(pattern(str(word)), text, re.S | re.I) for word in words)


def matches_search(search, event):
    if isinstance(search, dict):
        return all(matches_item(key, wanted, event) for key, wanted in search.items())
    return any(
        matches_search(part, event) if isinstance(part, (dict, list)) else matches_keywords([part], event, any)
        for part in search
    )


def matches_condition(condition, searches, event):
    kind, *parts = condition
    if kind == "name":
        return matches_search(searches[parts[0]], event)
    if kind == "of":
        quantifier, wanted = parts
        chosen = [search for name, search in searches.items()
                  if (not name.startswith("_") if wanted == "them" else name.startswith(wanted[:-1]))]
        return (any if quantifier == "1" else all)(matches_search(search, event) for search in chosen)
    holds = [matches_condition(part, searches, event) for part in parts]
    return {"and": all, "or": any, "not": lambda parts: not parts[0]}[kind](holds)


def written(condition):
    kind, *parts = condition
    if kind == "name":
        return parts[0]
    if kind == "of":
        return f"{parts[0]} of {parts[1]}"
    texts = [written(part) for part in parts]
    return f"not ({texts[0]})" if kind == "not" else "(" + f" {kind} ".join(texts) + ")"


# Rules.

def item(rng):
    kind = rng.randrange(13)
    if kind == 0:
        return rng.choice(["eventName", "eventName|startswith", "eventName|cased", "eventName|endswith"]), \
            some_of(rng, ["CreateUser", "createUSER", "Create*", "*User", "P?tObject", "nothing"])
    if kind == 1:
        return rng.choice(["eventSource", "eventSource|contains", "eventSource|startswith"]), \
            some_of(rng, ["iam.amazonaws.com", "S3*", "s?s.amazonaws.com", "iam", "amazonaws"])
    if kind == 2:
        if rng.random() < 0.3:
            return rng.choice(["requestParameters.name", "requestParameters.items", "requestParameters.items.a"]) + "|cidr", \
                some_of(rng, ["0.0.0.0/0", "0.0.0.0/1", "203.0.113.0/24"])
        return "sourceIPAddress|cidr", some_of(rng, ["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32"])
    if kind == 3:
        return rng.choice(["errorCode", "errorMessage", "responseElements", "requestParameters.name"]), None
    if kind == 4:
        return rng.choice(["errorCode|exists", "requestParameters.items|exists", "Image|exists"]), rng.random() < 0.5
    if kind == 5:
        return "requestParameters.count|" + rng.choice(["lt", "lte", "gt", "gte"]), rng.choice([0, 1, 1.5, 22])
    if kind == 6:
        return rng.choice(["requestParameters.count", "requestParameters.name", "requestParameters.items.a"]), \
            some_of(rng, [22, 1.5, 2, 0, "22", True, False])
    if kind == 7:
        return rng.choice(["userAgent|re", "userAgent|re|i", "requestParameters.name|re"]), \
            some_of(rng, ["^aws-cli/[0-9]", "kali", "(?:prod|abc)$", r"\d\.\d", '"'])
    if kind == 8:
        return rng.choice(["requestParameters|contains", "responseElements|contains", "requestParameters|contains|all"]), \
            some_of(rng, ["prod", "0.0.0.0/0", '"a":', "Zürich", "skill", "true", 22])
    if kind == 9:
        return "userIdentity." + rng.choice(["type", "arn|endswith", "arn|contains", "userName", "userName|neq"]), \
            some_of(rng, ["root", "alice", "user/BOB", "IAMUser"])
    if kind == 10:
        return rng.choice(["readOnly", "errorCode"]), rng.choice([True, "false", "AccessDenied", "", "*denied*"])
    name = rng.choice(["requestParameters.name", "requestParameters.items", "requestParameters.items.a",
                       "requestParameters.policy.b.c", "responseElements.list", "Image"])
    modifier = rng.choice(["", "", "|contains", "|startswith", "|endswith", "|cased", "|contains|all", "|neq",
                           "|contains|cased"])
    return name + modifier, some_of(rng, [escaped(rng, word) for word in WORDS] + ["pro*", "*logs", "a?c", "z?rich"])


def escaped(rng, word):
    return word if rng.random() < 0.5 else re.sub(r"([*?\\])", r"\\\1", word)


def some_of(rng, values):
    if rng.random() < 0.4:
        return rng.choice(values)
    chosen = rng.sample(values, rng.randrange(1, 4) if len(values) > 3 else 1)
    return chosen


def is_supported(key, wanted):
    """Whether trailq compiles it; what it does not is listed in the guide."""
    if "contains" in key and wanted == "":
        return False
    return not (key.split("|")[0] in COLUMNS and isinstance(wanted, bool) and key.split("|")[0] != "readOnly"
                and "exists" not in key)


def search(rng, depth=0):
    kind = rng.randrange(8)
    if kind == 0:
        return [rng.choice(["kali", "PROD", "alice", "a*c", "a?c", "zürich", 22, "no such text"])
                for _ in range(rng.randrange(1, 3))]
    if kind == 1:
        return {"|all": rng.sample(["alice", "user", "aws", "PROD", "us-east-1"], 2)}
    if kind == 2 and depth == 0:
        return [search(rng, 1) for _ in range(2)]
    items = [item(rng) for _ in range(rng.randrange(1, 4))]
    return {key: wanted for key, wanted in items if is_supported(key, wanted)} or {"eventName": "CreateUser"}


def condition(rng, names, depth=0):
    kind = rng.randrange(7) if depth < 3 else 0
    if kind < 2:
        return ("name", rng.choice(names))
    if kind == 2:
        return ("of", rng.choice(["1", "all"]), rng.choice(["them", "sel*"]))
    if kind == 3:
        return ("not", condition(rng, names, depth + 1))
    return (rng.choice(["and", "or"]), *(condition(rng, names, depth + 1) for _ in range(2)))


def rule(rng, index, events):
    searches = {f"sel{number}": search(rng) for number in range(rng.randrange(1, 4))}
    if rng.random() < 0.3:
        searches["filter"] = search(rng)
    made = condition(rng, list(searches))
    document = {
        "title": f"Rule {index}",
        "id": f"rule-{index:03}",
        "name": f"name-{index:03}",
        "logsource": {"product": "aws", "service": "cloudtrail"},
        "detection": {**searches, "condition": written(made)},
    }
    return document, [event["eventID"] for event in events if matches_condition(made, searches, event)]


# Correlations.

def correlation(rng, index, rules, expected, events):
    kind = rng.choice(["event_count", "value_count", "temporal"])
    chosen = rng.sample(range(len(rules)), 2 if kind == "temporal" else rng.randrange(1, 3))
    group_by = rng.choice([[], ["who"], ["awsRegion"], ["awsRegion", "who"], ["requestParameters.count"]])
    aliases = {"who": {rules[number]["name"]: rng.choice(["userIdentity.userName", "requestParameters.userName"])
                       for number in chosen}}
    seconds = rng.choice([5, 30, 120])
    limits = {rng.choice(["gte", "gt"]): rng.randrange(1, 5)} if rng.random() < 0.8 else {"eq": 2}
    if rng.random() < 0.2:
        limits["lte"] = 6
    body = {"type": kind, "rules": [rules[number]["id"] for number in chosen], "timespan": f"{seconds}s", "aliases": aliases}
    if group_by:
        body["group-by"] = group_by
    field = "sourceIPAddress"
    if kind != "temporal":
        body["condition"] = {**limits, **({"field": field} if kind == "value_count" else {})}
    rows = {}
    for part, number in enumerate(chosen):
        of = lambda name: aliases["who"][rules[number]["name"]] if name == "who" else name
        for event in (event for event in events if event["eventID"] in expected[rules[number]["id"]]):
            time = int(datetime.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%S%z").timestamp())
            for group in groups(event, [of(name) for name in group_by]):
                rows.setdefault(group, []).append((time, event["eventID"], part, event[field]))
    met = {}
    for group, found in rows.items():
        ids = set()
        for end, *_ in found:
            window = [row for row in found if end - seconds <= row[0] <= end]
            count = {"event_count": len({row[1] for row in window}), "value_count": len({row[3] for row in window}),
                     "temporal": len({row[2] for row in window})}[kind]
            holds = count == len(chosen) if kind == "temporal" else all(
                {"gte": count >= limit, "gt": count > limit, "eq": count == limit, "lte": count <= limit}[operator]
                for operator, limit in limits.items()
            )
            if holds:
                ids |= {row[1] for row in window}
        if ids:
            met["\x1f".join(group)] = sorted(ids)
    return {"title": f"Correlation {index}", "id": f"correlation-{index:03}", "correlation": body}, met


def groups(event, names):
    made = [()]
    for name in names:
        values = sorted({texts(*pair)[0] for pair in at(event, name.split(".")) if pair[0] == "value"})
        made = [group + (value,) for group in made for value in values]
    return made


def main(seed, folder):
    rng = random.Random(seed)
    folder = Path(folder)
    events = [record(rng, index) for index in range(EVENTS)]
    rules, expected = [], {}
    for index in range(RULES):
        document, ids = rule(rng, index, events)
        rules.append(document)
        expected[document["id"]] = ids
    made = [correlation(rng, index, rules, expected, events) for index in range(CORRELATIONS)]
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "events.json").write_text('{"Records":[' + ",\n".join(map(spelled, events)) + "]}", encoding="utf-8")
    for document in rules + [document for document, _ in made]:
        (folder / "rules" / f"{document['id']}.yml").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    correlated = {document["id"]: met for document, met in made}
    (folder / "expected.json").write_text(json.dumps({"rules": expected, "correlations": correlated}), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
