-- What an investigator keeps with the case, beside tags and queries: notes and noise rules. Nothing of it touches what was
-- imported; it is written through a connection that can write to these four tables only.

-- What was noted down, in order.
CREATE TABLE notes (
    id         INTEGER PRIMARY KEY,
    text       TEXT NOT NULL,
    created_at TEXT NOT NULL,                   -- UTC, YYYY-MM-DDTHH:MM:SSZ
    created_by TEXT NOT NULL
) STRICT;

-- Named filters of events that are not worth a look; they hide nothing unless the session says so.
CREATE TABLE noise_rules (
    name       TEXT PRIMARY KEY,
    filter     TEXT NOT NULL,                   -- the filter of a lookup
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
