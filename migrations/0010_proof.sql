-- The digest of the case's events, as the imports and merges keep it up to date (see src/store/event_sum.rs).
-- Without a row it is not known: the case was made by an earlier version. Nothing trusts it: `snapshot --verify`
-- recomputes it from the records.
CREATE TABLE event_digests (
    version TEXT PRIMARY KEY,                   -- events-v1
    events  INTEGER NOT NULL,                   -- how many events it covers
    state   BLOB NOT NULL                       -- the sum of their elements, 192 bytes, little-endian
) STRICT, WITHOUT ROWID;

-- What `import --case-number`, `--examiner`, `--source` and `--case-details` said of the case: one row a change. The
-- value set last counts.
CREATE TABLE case_details (
    name           TEXT NOT NULL,               -- case_number, examiner, source
    value          TEXT NOT NULL,
    set_at         TEXT NOT NULL,
    change         INTEGER NOT NULL,            -- 1, 2, ... of a name: the order within a second
    set_by         TEXT NOT NULL,               -- the user of the machine
    trailq_version TEXT NOT NULL,
    PRIMARY KEY (name, set_at, change, value)
) STRICT, WITHOUT ROWID;

-- Who ran an import, and in which folder: its paths may be relative to it.
ALTER TABLE imports ADD COLUMN imported_by TEXT;
ALTER TABLE imports ADD COLUMN folder TEXT;
