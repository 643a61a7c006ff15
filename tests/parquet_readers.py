"""Reads a table that trailq wrote with PyArrow and DuckDB.

    python3 tests/parquet_readers.py prepare     makes an environment with both, prints its python; exits with 3 where
                                                 that is not possible, and says why
    PYTHON tests/parquet_readers.py check TABLE ROWS
                                                 ROWS: event_history and the records of the same events, as JSON lines
    PYTHON tests/parquet_readers.py write TABLE FOLDER
                                                 writes the records as files of other programs: PyArrow's and DuckDB's

The environment is made once, outside the project: in $TRAILQ_PARQUET_READERS, else in the user's cache.
"""

import json
import pathlib
import sys

from python_environment import prepare

REQUIREMENTS = ["duckdb==2.0.1", "pyarrow==26.0.1"]
FLAGS = ["read_only", "management_event", "mfa_authenticated", "from_console"]
NUMBERS = ["bytes_in", "bytes_out", "time"]
FILTERED = ["event_id", "shared_event_id", "access_key_id", "issued_access_key_id", "principal_id", "identity_arn", "source_ip_address"]
FLAG = {"true": True, "false": False, None: None}


def check(table, rows):
    import pyarrow
    import pyarrow.parquet

    with open(rows, encoding="utf-8") as lines:
        wanted = {row["event_id"]: row for row in map(json.loads, lines)}
    files = sorted(pathlib.Path(table).rglob("*.parquet"))
    seen = 0
    for path in files:
        file = pyarrow.parquet.ParquetFile(path)
        assert file.metadata.metadata[b"trailq.table_version"] == b"1", file.metadata.metadata
        names = [field.name for field in file.schema_arrow]
        for group in range(file.metadata.num_row_groups):
            columns = {file.metadata.row_group(group).column(at).path_in_schema: file.metadata.row_group(group).column(at)
                       for at in range(file.metadata.num_columns)}
            for name, column in columns.items():
                assert column.compression == "ZSTD", (name, column.compression)
                assert (column.bloom_filter_offset is not None) == (name in FILTERED), name
                assert column.has_offset_index, name
            for name in ("event_id", "outcome", "leaves"):
                assert columns[name].is_stats_set and columns[name].has_column_index, name
            assert not columns["record"].is_stats_set and not columns["record"].has_column_index
            assert columns["event_name"].has_dictionary_page
            assert columns["time"].statistics.null_count in (0, file.metadata.row_group(group).num_rows)
        types = {field.name: field.type for field in file.schema_arrow}
        assert all(types[name] == pyarrow.bool_() for name in FLAGS), types
        assert all(types[name] == pyarrow.int64() for name in NUMBERS), types
        assert types["leaves"] == pyarrow.int32() and types["record"] == pyarrow.string()
        read = file.read().to_pylist()
        assert [(row["time"] or 0, row["event_id"]) for row in read] == sorted((row["time"] or 0, row["event_id"]) for row in read)
        for row in read:
            event = wanted[row["event_id"]]
            assert path.parent.name == "event_date=" + (event["event_time"] or "__HIVE_DEFAULT_PARTITION__")[:26 if not event["event_time"] else 10]
            for name in names:
                if name in ("resources", "time", "source_ip_key", "leaves"):
                    continue
                value = event[name]
                value = FLAG[value] if name in FLAGS else int(value) if value is not None and name in NUMBERS else value
                assert row[name] == value, (row["event_id"], name, row[name], value)
            resources = [(one["type"], one["arn"] or one["name"], int(one["listed"])) for one in row["resources"]]
            assert resources == [(one["type"], one["name"], one["listed"]) for one in event["resources"]], row["event_id"]
            seen += 1
    assert seen == len(wanted), (seen, len(wanted))
    asked = ask(table, wanted)
    print(f"PyArrow {pyarrow.__version__} and {asked} read {seen} rows of {len(files)} files")
    return 0


def ask(table, wanted):
    import duckdb

    duckdb.sql("SET python_enable_replacements = false")
    source = f"read_parquet('{table}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    one = lambda sql: duckdb.sql(sql.replace("EVENTS", source)).fetchall()[0][0]
    assert one("SELECT count(*) FROM EVENTS") == len(wanted)
    day = next(row["event_time"] for row in wanted.values() if row["event_time"])[:10]
    on_day = sum(1 for row in wanted.values() if (row["event_time"] or "")[:10] == day)
    assert one(f"SELECT count(*) FROM EVENTS WHERE event_date = '{day}'") == on_day
    name = next(iter(wanted))
    assert one(f"SELECT count(*) FROM EVENTS WHERE event_id = '{name}'") == 1
    # A network is a range of keys.
    import ipaddress

    network = ipaddress.ip_network("203.0.113.0/24")

    def is_within(text):
        try:
            return ipaddress.ip_address(text) in network
        except ValueError:
            return False

    within = sum(1 for row in wanted.values() if is_within(row["source_ip_address"] or ""))
    assert within > 0
    assert one("SELECT count(*) FROM EVENTS WHERE source_ip_key BETWEEN '4:cb007100' AND '4:cb0071ff'") == within
    listed = sum(1 for row in wanted.values() for resource in row["resources"] if resource["listed"])
    assert one("SELECT count(*) FROM (SELECT unnest(resources) AS r FROM EVENTS) WHERE r.listed") == listed
    return f"DuckDB {duckdb.__version__}"


def write(table, folder):
    import duckdb
    import pyarrow
    import pyarrow.parquet

    folder = pathlib.Path(folder)
    (folder / "pyarrow").mkdir(parents=True)
    records = [record for path in sorted(pathlib.Path(table).rglob("*.parquet"))
               for record in pyarrow.parquet.ParquetFile(path).read(columns=["record"])["record"].to_pylist()]
    content = pyarrow.table({"number": list(range(len(records))), "record": records})
    pyarrow.parquet.write_table(content, folder / "pyarrow" / "snappy.parquet", compression="snappy", row_group_size=1000)
    source = f"read_parquet('{table}/**/*.parquet', hive_partitioning = true)"
    (folder / "duckdb").mkdir()
    duckdb.sql(f"COPY (SELECT record, event_name FROM {source}) TO '{folder}/duckdb/zstd.parquet' (FORMAT parquet, COMPRESSION zstd)")
    (folder / "ndjson").mkdir()
    duckdb.sql(f"COPY (SELECT record FROM {source}) TO '{folder}/ndjson/rows.json' (FORMAT json)")
    (folder / "csv").mkdir()
    duckdb.sql(f"COPY (SELECT record FROM {source}) TO '{folder}/csv/rows.csv' (FORMAT csv, HEADER)")
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), folder / "other.parquet")
    pyarrow.parquet.write_table(content, folder / "gzip.parquet", compression="gzip")
    pyarrow.parquet.write_table(content, folder / "delta.parquet", use_dictionary=False, column_encoding={"record": "DELTA_BYTE_ARRAY", "number": "PLAIN"})
    return 0


if __name__ == "__main__":
    commands = {"check": check, "write": write}
    sys.exit(prepare("parquet-readers", REQUIREMENTS, "PyArrow and DuckDB") if sys.argv[1] == "prepare" else commands[sys.argv[1]](*sys.argv[2:]))
