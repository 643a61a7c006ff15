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

-- What `trailq validate` needs to check digest files, and what it found.

-- Of a digest: what its signature covers, and whose key it is. NULL in rows of earlier versions.
ALTER TABLE digests ADD COLUMN previous_digest_s3_bucket TEXT;
ALTER TABLE digests ADD COLUMN previous_digest_hash_algorithm TEXT;
ALTER TABLE digests ADD COLUMN previous_digest_signature TEXT;  -- hexadecimal: that of the digest before
ALTER TABLE digests ADD COLUMN public_key_fingerprint TEXT;
ALTER TABLE digests ADD COLUMN signature_algorithm TEXT;
ALTER TABLE digest_files ADD COLUMN hash_algorithm TEXT;

-- Answers of `aws cloudtrail list-public-keys`.
CREATE TABLE public_keys (
    file_id             INTEGER NOT NULL REFERENCES files (id),
    fingerprint         TEXT NOT NULL,          -- MD5 of the DER, hexadecimal
    value               TEXT NOT NULL,          -- the DER in base64
    validity_start_time TEXT,
    validity_end_time   TEXT
) STRICT;
CREATE INDEX public_keys_by_file ON public_keys (file_id);

-- Answers of `aws s3api head-object` of digest files: they do not name the object.
CREATE TABLE digest_signatures (
    file_id   INTEGER NOT NULL REFERENCES files (id),
    signature TEXT NOT NULL,                    -- hexadecimal
    algorithm TEXT
) STRICT;
CREATE INDEX digest_signatures_by_file ON digest_signatures (file_id);

-- Answers of `aws cloudtrail get-trail-status`: they do not name the trail.
CREATE TABLE trail_statuses (
    file_id                     INTEGER NOT NULL REFERENCES files (id),
    is_logging                  INTEGER,
    latest_delivery_time        TEXT,
    latest_digest_delivery_time TEXT,
    start_logging_time          TEXT,
    stop_logging_time           TEXT
) STRICT;
CREATE INDEX trail_statuses_by_file ON trail_statuses (file_id);

-- Answers of `aws s3api list-objects-v2` and `list-object-versions`.
CREATE TABLE bucket_objects (
    file_id          INTEGER NOT NULL REFERENCES files (id),
    key              TEXT NOT NULL,
    last_modified    TEXT,
    size             INTEGER,
    version_id       TEXT,
    is_latest        INTEGER,
    is_delete_marker INTEGER NOT NULL
) STRICT;
CREATE INDEX bucket_objects_by_file ON bucket_objects (file_id);

-- Runs of `trailq validate --keep` in this file.
CREATE TABLE validations (
    id             INTEGER PRIMARY KEY,
    validated_at   TEXT NOT NULL,               -- UTC, YYYY-MM-DDTHH:MM:SSZ
    validated_by   TEXT NOT NULL,
    trailq_version TEXT NOT NULL,
    paths          TEXT,                        -- a JSON array of what was validated; NULL: what the case knows
    since          TEXT,                        -- only what was delivered from here
    until          TEXT,                        -- to here
    strict         INTEGER NOT NULL,
    complete       INTEGER NOT NULL,            -- 1: nothing altered, missing or unlisted, and all that is listed was checked
    keys           TEXT NOT NULL,               -- a JSON array: fingerprints of the keys that verified signatures
    verdicts       TEXT NOT NULL                -- a JSON object: {"digests": {VERDICT: FILES}, "log_files": {...}}
) STRICT;

-- What a validation found not valid: one row a file, or several files of one reason.
CREATE TABLE validation_findings (
    validation INTEGER NOT NULL REFERENCES validations (id),
    verdict    TEXT NOT NULL,                   -- altered, missing, unlisted, rewritten, not hashed, consistent, not covered
    kind       TEXT NOT NULL,                   -- digest, log file
    account    TEXT,
    region     TEXT,
    trail      TEXT,
    files      INTEGER NOT NULL,
    object     TEXT,                            -- BUCKET/KEY
    place      TEXT,                            -- the file or archive member that was found
    from_time  TEXT,
    to_time    TEXT,
    expected   TEXT,                            -- SHA-256 of the content
    found      TEXT,
    reason     TEXT NOT NULL
) STRICT;
CREATE INDEX validation_findings_by_validation ON validation_findings (validation);
