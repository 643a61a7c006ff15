"""Opens a snapshot made with --portable in programs that know nothing of trailq: Python's sqlite3, pandas, Datasette.

    python3 tests/portable.py prepare              makes an environment with both, prints its python; exits with 3 where
                                                   that is not possible, and says why
    PYTHON tests/portable.py check CASE RECORDS    RECORDS: event_id and record of every event, as JSON lines

The environment is made once, outside the project: in $TRAILQ_PORTABLE, else in the user's cache.
"""

import asyncio
import json
import pathlib
import sqlite3
import sys

from python_environment import prepare

REQUIREMENTS = ["pandas>=2,<4", "datasette>=0.64,<1"]


def check(case, records):
    import pandas
    from datasette.app import Datasette

    with open(records, encoding="utf-8") as lines:
        wanted = {row["event_id"]: row["record"] for row in map(json.loads, lines)}
    with sqlite3.connect(f"file:{case}?mode=ro", uri=True) as connection:
        frame = pandas.read_sql("SELECT event_id, record FROM records JOIN events USING (id)", connection)
        assert dict(zip(frame.event_id, frame.record)) == wanted, "the records are others"
        assert frame.record.map(json.loads).map(lambda record: isinstance(record, dict)).all()
        history = pandas.read_sql("SELECT * FROM event_history", connection, parse_dates=["event_time"])
        assert len(history) == len(wanted)
        counted = history.groupby("event_name").size().to_dict()
        kept = "SELECT value, events FROM attribute_values WHERE attribute = 'event_name'"
        assert counted == dict(connection.execute(kept).fetchall())

    async def browse():
        datasette = Datasette([], immutables=[case])
        await datasette.invoke_startup()
        name = pathlib.Path(case).stem

        async def get(path):
            answer = await datasette.client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
            return answer

        tables = (await get(f"/{name}.json")).json()
        listed = {table["name"]: table for table in tables["tables"]}
        assert listed["events"]["count"] == listed["records"]["count"] == len(wanted), listed
        for table in [*listed, "event_history"]:
            await get(f"/{name}/{table}?_size=5")
        assert listed["records"]["fts_table"] == "records_fts", "Datasette offers a search of the records"
        found = (await get(f"/{name}/records.json?_search=alice&_size=5&_shape=objects")).json()["rows"]
        assert found and all("alice" in row["record"] for row in found)
        return len(listed)

    browsed = asyncio.run(browse())
    print(f"pandas {pandas.__version__} read {len(wanted)} records; Datasette browsed {browsed} tables")
    return 0


if __name__ == "__main__":
    sys.exit(prepare("portable", REQUIREMENTS, "pandas and Datasette") if sys.argv[1] == "prepare" else check(*sys.argv[2:]))
