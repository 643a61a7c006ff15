-- Where a case comes from: each step that led to it, so that whoever receives a file can tell what was done on the way.
-- The sources themselves are told by the ledger: files has the name and the SHA-256 of each.

-- One row a step, in order: the last one made this file. A snapshot takes the steps of its case along and adds its own;
-- a merge takes those of all that it merged (once each, by id) and adds its own. Nothing of it is changed later.
CREATE TABLE provenance (
    step           INTEGER PRIMARY KEY,
    kind           TEXT NOT NULL,               -- case: made by an import; snapshot; merge
    id             TEXT NOT NULL UNIQUE,        -- of the file that the step made: 32 hexadecimal digits, by chance
    made_at        TEXT NOT NULL,               -- UTC, YYYY-MM-DDTHH:MM:SSZ
    made_from      TEXT,                        -- the names of the files, as a JSON array; NULL of a case
    trailq_version TEXT,                        -- NULL of a case: imports has it for each run
    schema_version INTEGER,                     -- of the file it was made from; NULL of a case
    selection      TEXT,                        -- which events were kept, as on the command line; NULL is all
    redacted       TEXT,                        -- what was replaced: a JSON array of accounts, keys, ...; NULL is nothing
    portable       INTEGER NOT NULL DEFAULT 0   -- 1: records as plain text in the table records
) STRICT;

-- What a step was made from: the ids of one file for a snapshot, of several for a merge. A file older than this table
-- has no id and stands in made_from only.
CREATE TABLE provenance_parents (
    id     TEXT NOT NULL REFERENCES provenance (id),
    parent TEXT NOT NULL,
    PRIMARY KEY (id, parent)
) STRICT, WITHOUT ROWID;

-- What a snapshot held when it was made, so that a file that was altered since is told from it. Of a whole case: notes
-- and pages, all pages of the file but those that hold the schema, this, notes or nothing. Of a part of one: events,
-- counts, ledger and notes, which depend neither on the numbers of rows nor on how records are packed: two files that
-- hold the same have the same.
CREATE TABLE provenance_digests (
    id     TEXT NOT NULL REFERENCES provenance (id),
    part   TEXT NOT NULL,                       -- events (with their records), counts, ledger, notes or pages
    rows   INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (id, part)
) STRICT, WITHOUT ROWID;

-- A case that this migration makes or finds begins here.
INSERT INTO provenance (kind, id, made_at)
VALUES ('case', lower(hex(randomblob(16))), strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
