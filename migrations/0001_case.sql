-- A case: one SQLite file that holds the imported events and where they came from.
--
-- Any SQLite program can read it without an extension. The tables fall into four groups: what happened
-- (events, identities, resources and their texts), the records themselves, what is kept for quick answers
-- (facets, hourly_counts, attribute_values), and the ledger (files, imports, rejects, conflicts, digests).
--
-- Secondary indexes are not made here: an import makes them when it finishes, because sorting once is several
-- times cheaper than keeping fourteen B-trees in order. They stand in src/store/indexes.rs.

-- One row a distinct record. Columns carry the record's own field names in snake case. Absent is NULL.
-- Flags are 1, 0 or NULL (the record does not say).
CREATE TABLE events (
    id                   INTEGER PRIMARY KEY,   -- also names the record: see record_blocks
    time                 INTEGER,               -- event_time in Unix seconds
    event_id             TEXT NOT NULL,         -- eventID; made from the content where a record has none
    event_time           TEXT,                  -- UTC, YYYY-MM-DDTHH:MM:SSZ
    event_source         TEXT,                  -- ec2.amazonaws.com
    event_name           TEXT,                  -- RunInstances
    aws_region           TEXT,
    source_ip_address    TEXT,                  -- an address, a service's DNS name or AWS Internal
    user_name            TEXT,                  -- Event history's Username: for an assumed role the session name
    access_key_id        TEXT,
    identity_id          INTEGER REFERENCES identities (id),
    error_code           TEXT,
    outcome              TEXT,                  -- ok, denied or error
    read_only            INTEGER,
    facet_id             INTEGER NOT NULL REFERENCES facets (id),   -- has its type, category and version too
    recipient_account_id TEXT,                  -- the account whose trail holds this copy
    shared_event_id      TEXT,                  -- the same in every account's copy of one action
    vpc_endpoint_id      TEXT,
    invoked_by           TEXT,                  -- the service that called on the identity's behalf
    mfa_authenticated    INTEGER,               -- of a ConsoleLogin: its MFAUsed
    session_created      TEXT,                  -- sessionContext.attributes.creationDate
    from_console         INTEGER,               -- 1 where sessionCredentialFromConsole says so
    source_identity      TEXT,
    issued_access_key_id TEXT,                  -- the key that this event handed out
    bytes_in             INTEGER,               -- additionalEventData.bytesTransferredIn
    bytes_out            INTEGER,               -- additionalEventData.bytesTransferredOut
    user_agent_id        INTEGER REFERENCES user_agents (id),
    error_message_id     INTEGER REFERENCES error_messages (id),
    file_id              INTEGER NOT NULL REFERENCES files (id)
) STRICT;

-- Every combination of the attributes that have few values, and how many events have it. Counts of a whole case, and of
-- any period of whole hours, are answered from here and from hourly_counts, without a look at the events. event_type,
-- event_category, event_version and management_event stand only here: the view event_history has them beside the rest.
CREATE TABLE facets (
    id                   INTEGER PRIMARY KEY,
    event_source         TEXT,
    event_name           TEXT,
    aws_region           TEXT,
    recipient_account_id TEXT,
    error_code           TEXT,
    outcome              TEXT NOT NULL,
    read_only            INTEGER,
    management_event     INTEGER,
    event_type           TEXT,                  -- AwsApiCall, AwsConsoleSignIn, ...
    event_category       TEXT,                  -- Management, Data, NetworkActivity, Insight, Aggregated
    event_version        TEXT,
    events               INTEGER NOT NULL DEFAULT 0,
    first_seen           TEXT,
    last_seen            TEXT
) STRICT;

-- How many events of each facet happened in each hour. Events without a time are in facets only.
CREATE TABLE hourly_counts (
    hour   INTEGER NOT NULL,                    -- its first second, in Unix seconds
    facet  INTEGER NOT NULL REFERENCES facets (id),
    events INTEGER NOT NULL,
    PRIMARY KEY (facet, hour)
) STRICT, WITHOUT ROWID;

-- Who acted: one row a distinct principal, not a credential. Distinct by type, arn, principal_id, account_id and
-- on_behalf_of, and where there is no ARN also by user_name and invoked_by.
CREATE TABLE identities (
    id                INTEGER PRIMARY KEY,
    type              TEXT,                     -- userIdentity.type
    user_name         TEXT,                     -- as events.user_name
    arn               TEXT,
    account_id        TEXT,
    principal_id      TEXT,
    role_name         TEXT,                     -- the session issuer's
    role_arn          TEXT,
    session_name      TEXT,
    identity_provider TEXT,
    on_behalf_of      TEXT,                     -- onBehalfOf.userId, of IAM Identity Center
    invoked_by        TEXT,                     -- only where there is no ARN: the service that is the identity
    events            INTEGER NOT NULL DEFAULT 0,
    first_seen        TEXT,
    last_seen         TEXT
) STRICT;

-- What was acted on: one row a spelling, as Event history lists a role once by name and once by ARN.
CREATE TABLE resources (
    id         INTEGER PRIMARY KEY,
    type       TEXT,                            -- AWS::EC2::Instance; NULL where unknown
    name       TEXT NOT NULL,                   -- as the record spells it, or the name inside the ARN
    arn        TEXT,                            -- where the record spells it as an ARN
    account_id TEXT,                            -- the ARN's, else the event's
    aws_region TEXT,                            -- the ARN's, else the event's; NULL for a global service
    arn_end    TEXT,                            -- what follows the last / or : of the ARN, where that is not the name
    events     INTEGER NOT NULL DEFAULT 0,
    first_seen TEXT,
    last_seen  TEXT
) STRICT;

-- Which event names which resource. listed: 1 where Event history would list it for this event, 0 where the
-- record merely mentions it.
CREATE TABLE event_resources (
    event    INTEGER NOT NULL REFERENCES events (id),
    resource INTEGER NOT NULL REFERENCES resources (id),
    listed   INTEGER NOT NULL,
    PRIMARY KEY (event, resource)
) STRICT, WITHOUT ROWID;

-- Long, much repeated texts, once each.
CREATE TABLE user_agents (
    id         INTEGER PRIMARY KEY,
    text       TEXT NOT NULL,
    events     INTEGER NOT NULL DEFAULT 0,
    first_seen TEXT,
    last_seen  TEXT
) STRICT;
CREATE TABLE error_messages (
    id         INTEGER PRIMARY KEY,
    text       TEXT NOT NULL,
    events     INTEGER NOT NULL DEFAULT 0,
    first_seen TEXT,
    last_seen  TEXT
) STRICT;

-- The records, byte for byte, in zstd-compressed blocks. A block's id is the id of its first event; its records
-- have consecutive ids. A duplicate leaves a gap among the events' ids. Read it with record(events.id).
-- hashes: 8 bytes a record, XXH3-64 of its bytes, little-endian: tells identical duplicates apart without reading
-- the data. dictionary: 0 is none. data: zstd of the number of records, their lengths (32 bits each, little-endian), then their bytes.
CREATE TABLE record_blocks (
    id         INTEGER PRIMARY KEY,
    dictionary INTEGER NOT NULL,                -- record_dictionaries.id
    hashes     BLOB NOT NULL,
    data       BLOB NOT NULL
) STRICT;

-- What zstd needs beside the data of a block. data: zstd of the dictionary, which is records one behind the other.
CREATE TABLE record_dictionaries (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

-- Which texts may stand in which records: see src/store/filters.rs. A group is blocks side by side with about 256
-- records; ids go from 0 without a gap. filter: the bits of its texts, zstd of 1,024 words of 64 (little-endian), until
-- 120 groups stand crosswise in record_filters. There id / 1024 is the set of 120 groups and id % 1024 the word; bits
-- has 15 bytes for each of the word's 64 bits: which groups of the set have it.
CREATE TABLE record_groups (
    id          INTEGER PRIMARY KEY,
    first_block INTEGER NOT NULL,
    last_block  INTEGER NOT NULL,
    records     INTEGER NOT NULL,
    first_time  INTEGER,                        -- events.time of its oldest and newest event
    last_time   INTEGER,
    filter      BLOB
) STRICT;
CREATE TABLE record_filters (
    id   INTEGER PRIMARY KEY,
    bits BLOB NOT NULL
) STRICT;

-- Events known only from a row of a CSV download, which has no request or response: a full record replaces them.
CREATE TABLE csv_events (
    id INTEGER PRIMARY KEY REFERENCES events (id)
) STRICT;

-- How often each value of an attribute of few values occurs: for completion, `top`, "did you mean" and the choice
-- of the index that drives a lookup. attribute is a column of events or of facets.
CREATE TABLE attribute_values (
    attribute  TEXT NOT NULL,
    value      TEXT NOT NULL,
    events     INTEGER NOT NULL,
    first_seen TEXT,
    last_seen  TEXT,
    PRIMARY KEY (attribute, value)
) STRICT, WITHOUT ROWID;

-- The ledger. read = stored + duplicate + rejected, for each file.
CREATE TABLE files (
    id           INTEGER PRIMARY KEY,
    path         TEXT NOT NULL UNIQUE,          -- absolute; stdin:SHA256 for standard input
    sha256       TEXT NOT NULL,                 -- of the file as it lies on disk
    bytes        INTEGER NOT NULL,              -- its size on disk
    modified     INTEGER,                       -- modification time, Unix nanoseconds: tells an unchanged file
    format       TEXT,                          -- what it held: records, csv, lookup-events, digest, ...
    account_id   TEXT,                          -- from the name of a delivered file
    region       TEXT,
    delivered_at TEXT,
    import_id    INTEGER NOT NULL REFERENCES imports (id),
    read         INTEGER NOT NULL,
    stored       INTEGER NOT NULL,
    duplicate    INTEGER NOT NULL,
    rejected     INTEGER NOT NULL,
    conflict     INTEGER NOT NULL,              -- of the duplicates: those whose content differed
    replaced     INTEGER NOT NULL               -- of the duplicates: those that took the place of a CSV row
) STRICT;

-- One row a run of import. finished_at is NULL for a run that was stopped: the next one completes its work.
CREATE TABLE imports (
    id             INTEGER PRIMARY KEY,
    started_at     TEXT NOT NULL,
    finished_at    TEXT,
    trailq_version TEXT NOT NULL,
    paths          TEXT NOT NULL                -- a JSON array: what was named on the command line
) STRICT;

-- What could not be stored, with the bytes themselves.
CREATE TABLE rejects (
    id       INTEGER PRIMARY KEY,
    file_id  INTEGER NOT NULL REFERENCES files (id),
    member   TEXT,                              -- the member of an archive
    position INTEGER NOT NULL,                  -- byte offset in the decompressed file
    line     INTEGER NOT NULL,                  -- line there, from 1
    reason   TEXT NOT NULL,
    bytes    BLOB NOT NULL,                     -- the first 64 KiB
    length   INTEGER NOT NULL,                  -- of the whole
    sha256   TEXT NOT NULL                      -- of the whole
) STRICT;
CREATE INDEX rejects_by_file ON rejects (file_id);

-- Records with the eventID of an event and another content: the fuller one is the event, the others stand here.
CREATE TABLE conflicts (
    id       INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    file_id  INTEGER NOT NULL REFERENCES files (id),
    sha256   TEXT NOT NULL,
    record   TEXT NOT NULL,
    UNIQUE (event_id, sha256)
) STRICT;

-- Fields that could not be read as what they should be; their column is NULL, their record is whole.
CREATE TABLE field_problems (
    file_id INTEGER NOT NULL REFERENCES files (id),
    field   TEXT NOT NULL,                      -- the record's field: eventTime
    problem TEXT NOT NULL,
    events  INTEGER NOT NULL,
    PRIMARY KEY (file_id, field, problem)
) STRICT, WITHOUT ROWID;

-- Digest files: what CloudTrail says that it delivered.
CREATE TABLE digests (
    id                        INTEGER PRIMARY KEY,
    file_id                   INTEGER NOT NULL REFERENCES files (id),
    aws_account_id            TEXT,
    digest_start_time         TEXT,
    digest_end_time           TEXT,
    digest_s3_bucket          TEXT,
    digest_s3_object          TEXT,
    newest_event_time         TEXT,
    oldest_event_time         TEXT,
    previous_digest_s3_object TEXT,
    previous_digest_hash      TEXT,
    UNIQUE (digest_s3_bucket, digest_s3_object)
) STRICT;
CREATE TABLE digest_files (
    digest            INTEGER NOT NULL REFERENCES digests (id),
    s3_bucket         TEXT,
    s3_object         TEXT,
    hash_value        TEXT,
    newest_event_time TEXT,
    oldest_event_time TEXT
) STRICT;
CREATE INDEX digest_files_by_digest ON digest_files (digest);

-- What an investigator marked: lookups read it as tag=TAG.
CREATE TABLE tags (
    event_id   TEXT NOT NULL,
    tag        TEXT NOT NULL,
    note       TEXT,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (event_id, tag)
) STRICT, WITHOUT ROWID;

-- One row an event, every attribute as text: the place to start in SQL. Cold columns are scalar subqueries and not
-- joins: SQLite then leaves out those that a query does not ask for (34 ms instead of 1.3 s for a count by name). It
-- keeps to the SQL of SQLite 3.37, the first with STRICT tables, so that older shells than trailq's open a case.
CREATE VIEW event_history AS
SELECT
    e.id, e.event_id, e.event_time, e.event_source, e.event_name, e.aws_region, e.source_ip_address, e.user_name,
    e.access_key_id, e.error_code, e.outcome,
    CASE e.read_only WHEN 1 THEN 'true' WHEN 0 THEN 'false' END AS read_only,
    (SELECT CASE management_event WHEN 1 THEN 'true' WHEN 0 THEN 'false' END FROM facets WHERE id = e.facet_id)
        AS management_event,
    (SELECT event_type FROM facets WHERE id = e.facet_id) AS event_type,
    (SELECT event_category FROM facets WHERE id = e.facet_id) AS event_category,
    (SELECT event_version FROM facets WHERE id = e.facet_id) AS event_version,
    e.recipient_account_id, e.shared_event_id, e.vpc_endpoint_id,
    e.invoked_by,
    CASE e.mfa_authenticated WHEN 1 THEN 'true' WHEN 0 THEN 'false' END AS mfa_authenticated,
    e.session_created,
    CASE e.from_console WHEN 1 THEN 'true' WHEN 0 THEN 'false' END AS from_console,
    e.source_identity, e.issued_access_key_id,
    CAST(e.bytes_in AS TEXT) AS bytes_in, CAST(e.bytes_out AS TEXT) AS bytes_out,
    (SELECT text FROM user_agents WHERE id = e.user_agent_id) AS user_agent,
    (SELECT text FROM error_messages WHERE id = e.error_message_id) AS error_message,
    (SELECT type FROM identities WHERE id = e.identity_id) AS identity_type,
    (SELECT arn FROM identities WHERE id = e.identity_id) AS identity_arn,
    (SELECT account_id FROM identities WHERE id = e.identity_id) AS identity_account_id,
    (SELECT principal_id FROM identities WHERE id = e.identity_id) AS principal_id,
    (SELECT role_name FROM identities WHERE id = e.identity_id) AS role_name,
    (SELECT role_arn FROM identities WHERE id = e.identity_id) AS role_arn,
    (SELECT session_name FROM identities WHERE id = e.identity_id) AS session_name,
    (SELECT json_group_array(json_object('type', type, 'name', spelling, 'listed', listed))
       FROM (SELECT r.type, coalesce(r.arn, r.name) AS spelling, er.listed
               FROM event_resources er JOIN resources r ON r.id = er.resource
              WHERE er.event = e.id ORDER BY er.listed DESC, r.type, spelling)) AS resources,
    (SELECT path FROM files WHERE id = e.file_id) AS file
FROM events e;
