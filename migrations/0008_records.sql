-- What an import accounts for beside trail files: every file that it found, and every member of an archive.

-- The archive that a row is a member of: the path of the member is ARCHIVE!MEMBER. NULL: not a member.
ALTER TABLE files ADD COLUMN container_id INTEGER REFERENCES files (id);
-- The SHA-256 of the content without its compression, which CloudTrail's digest files list. NULL: not known.
ALTER TABLE files ADD COLUMN content_sha256 TEXT;
-- read: records were looked for and are accounted for; rejected: nothing of it could be read; ignored: another kind of
-- file; archive: its members have rows of their own. NULL: read by a version of trailq that had no status.
ALTER TABLE files ADD COLUMN status TEXT;
-- Of an ignored or rejected file: the reason.
ALTER TABLE files ADD COLUMN reason TEXT;

-- The version of the rules that made columns from the records of this run; `trailq reindex` applies newer ones and writes
-- theirs. NULL: rules older than version 1.
ALTER TABLE imports ADD COLUMN rules INTEGER;
-- The origin of the event ids of this run. content: the content of each record (`trailq import --ids content`). NULL: the
-- eventID of the record.
ALTER TABLE imports ADD COLUMN ids TEXT;

-- Of a copy: source or target. NULL: any other resource.
ALTER TABLE event_resources ADD COLUMN role TEXT;
