"""Measures `trailq serve` on a large case.

    python3 tests/bench/serve_load.py TRAILQ CASE

1,000 requests one after the other over one connection, a quarter of them going on where another ended, then 32 clients at
once for 10 seconds; prints times and memory, and exits with 1 where a request fails, the median is 10 ms or more, or the
memory grows.
"""

import collections
import http.client
import json
import random
import subprocess
import sys
import threading
import time

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
KEYS = ["EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId", "ResourceName", "ResourceType"]


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, request):
        self.connection.request("POST", "/", json.dumps(request), {"X-Amz-Target": TARGET})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{request}: {answer.status} {body[:300]}")
        return json.loads(body)


def memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def requests_of(client, dice):
    """Requests by every attribute, with values that the case has, over different periods."""
    entries, request = [], {}
    for _ in range(20):
        page = client.ask(request)
        entries += page["Events"]
        request = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    oldest, newest = entries[-1]["EventTime"], entries[0]["EventTime"]
    for entry in entries:
        for resource in entry["Resources"][:1]:
            entry.update(resource)
    while True:
        key = dice.choice(KEYS)
        entry = dice.choice(entries)
        if key not in entry:
            continue
        request = {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": entry[key]}]}
        if dice.random() < 0.3:
            start = dice.uniform(oldest, newest)
            request |= {"StartTime": int(start), "EndTime": int(start) + 3600}
        if dice.random() < 0.05:
            request = {}
        yield key if request else "none", request


def main(trailq, case):
    server = subprocess.Popen([trailq, "--db", case, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
    line = server.stderr.readline()
    print(line.strip())
    port = int(line.split("http://127.0.0.1:")[1].split(";")[0])
    server.stderr.readline()
    dice = random.Random(4)
    client = Client(port)
    stream = requests_of(client, dice)
    client.ask({})
    times, by_key = [], collections.defaultdict(list)
    while len(times) < 1000:
        key, request = next(stream)
        for _ in range(2):
            began = time.perf_counter()
            page = client.ask(request)
            took = time.perf_counter() - began
            times.append(took)
            by_key[key].append(took)
            if "NextToken" not in page or dice.random() < 0.5:
                break
            request = request | {"NextToken": page["NextToken"]}
    times.sort()
    milliseconds = lambda all, part: 1000 * sorted(all)[min(len(all) - 1, int(len(all) * part))]
    print(f"1,000 requests: median {milliseconds(times, .5):.2f} ms, 90 % {milliseconds(times, .9):.2f}, "
          f"99 % {milliseconds(times, .99):.2f}, most {1000 * times[-1]:.2f}")
    for key, all in sorted(by_key.items()):
        print(f"  {key:13} {len(all):4}: median {milliseconds(all, .5):7.2f} ms, most {milliseconds(all, 1):8.2f}")

    mix = [next(stream)[1] for _ in range(400)]
    failed, counts = [], []

    def crowd(number, until):
        own, asked = Client(port), 0
        try:
            while time.time() < until:
                own.ask(mix[(number * 31 + asked) % len(mix)])
                asked += 1
        except (Exception, SystemExit) as error:
            failed.append(repr(error))
        counts.append(asked)

    sizes = []
    for seconds in (10, 10):
        counts.clear()
        until = time.time() + seconds
        threads = [threading.Thread(target=crowd, args=(number, until)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sizes.append(memory(server.pid))
        print(f"32 clients for {seconds} s: {sum(counts)} requests, {len(failed)} failed, {sizes[-1]} kB")
    server.send_signal(2)
    print(server.stderr.read().strip(), "- exit code", server.wait())
    grown = sizes[1] - sizes[0]
    good = not failed and milliseconds(times, 0.5) < 10 and grown < 8192
    print(f"memory grew by {grown} kB in the second round;", "good" if good else f"NOT GOOD {failed[:3]}")
    return 0 if good else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
