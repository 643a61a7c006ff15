-- What an investigator decides about findings, and what the runs of `trailq hunt` found. Like notes it is written through
-- a connection that can write to annotations only.

-- Marks of subjects. A subject may have several after a merge: one a mark and author. Of those the worst counts, attacker
-- before suspect, and otherwise the newest.
CREATE TABLE subjects (
    kind       TEXT NOT NULL,                   -- key, principal, session, address, client, account, resource
    value      TEXT NOT NULL,
    mark       TEXT NOT NULL,                   -- attacker, suspect, cleared, mine
    why        TEXT,
    created_at TEXT NOT NULL,                   -- UTC, YYYY-MM-DDTHH:MM:SSZ
    created_by TEXT NOT NULL,
    origin     TEXT,                            -- where it was marked: provenance.id of that file; NULL is this one
    PRIMARY KEY (kind, value, mark, created_by)
) STRICT, WITHOUT ROWID;

-- Verdicts on findings: a rule, a principal and an account. Several verdicts on one are as several marks of a subject: true
-- counts before unclear, and otherwise the newest.
CREATE TABLE verdicts (
    rule       TEXT NOT NULL,                   -- the id of the rule
    principal  TEXT NOT NULL,                   -- '' for none
    account    TEXT NOT NULL,                   -- '' for none
    verdict    TEXT NOT NULL,                   -- true, benign, unclear
    why        TEXT,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    origin     TEXT,
    PRIMARY KEY (rule, principal, account, verdict, created_by)
) STRICT, WITHOUT ROWID;

-- Ignore rules: events that are not findings. A rule hides nothing until the user of this machine accepts it.
CREATE TABLE ignore_rules (
    name       TEXT PRIMARY KEY,
    title      TEXT NOT NULL,
    rules      TEXT,                            -- JSON array of the ids of the rules that it applies to; NULL: every rule
    filter     TEXT NOT NULL,                   -- the filter of a lookup
    reason     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    origin     TEXT
) STRICT, WITHOUT ROWID;

-- Runs of `trailq hunt` in this file.
CREATE TABLE hunt_runs (
    id             INTEGER PRIMARY KEY,
    run_at         TEXT NOT NULL,
    run_by         TEXT NOT NULL,
    trailq_version TEXT NOT NULL,
    scope          TEXT,                        -- the filter of a lookup that limited the run; NULL: the whole case
    rules          INTEGER NOT NULL,            -- how many rules were run
    rules_sha256   TEXT NOT NULL,               -- SHA-256 of the rules
    ignored        TEXT                         -- JSON array of the names of the ignore rules that were applied
) STRICT;

-- Of the newest run: its rules, and how `finding=RULE` selects their events.
CREATE TABLE hunt_rules (
    id        TEXT PRIMARY KEY,
    title     TEXT NOT NULL,
    level     TEXT NOT NULL,
    origin    TEXT NOT NULL,                    -- call, query, sigma
    author    TEXT,
    filter    TEXT,                             -- the filter of a lookup; NULL: the events are in hunt_events
    events    INTEGER NOT NULL                  -- how many events it selected; hunt_events may have fewer
) STRICT, WITHOUT ROWID;

-- Of the newest run: its findings.
CREATE TABLE hunt_findings (
    rule       TEXT NOT NULL,
    principal  TEXT NOT NULL,                   -- '' for none
    account    TEXT NOT NULL,                   -- '' for none
    actor      TEXT NOT NULL,                   -- the principal whose credentials were used
    level      TEXT NOT NULL,
    done       INTEGER NOT NULL,
    tried      INTEGER NOT NULL,
    first_seen TEXT,
    last_seen  TEXT,
    event_id   TEXT,                            -- an example; NULL where the rule aggregates
    PRIMARY KEY (rule, principal, account)
) STRICT, WITHOUT ROWID;

-- Of the newest run: the events of rules that are not the filter of a lookup.
CREATE TABLE hunt_events (
    rule     TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (rule, event_id)
) STRICT, WITHOUT ROWID;
