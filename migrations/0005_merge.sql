-- What a merge of cases needs to know beside what an import does, so that its answer does not depend on the order in
-- which cases are merged.

-- Of a file some events only may have been handed on: partial is 1, and an import reads the file again.
ALTER TABLE files ADD COLUMN partial INTEGER;

-- A row of a CSV download whose event has a full record: which file had it. Nothing else is kept of such a row.
CREATE TABLE replaced_rows (
    event_id TEXT PRIMARY KEY,
    file_id  INTEGER NOT NULL REFERENCES files (id)
) STRICT, WITHOUT ROWID;

-- Where something was marked or noted: provenance.id of that file; NULL is this one.
ALTER TABLE tags ADD COLUMN origin TEXT;
ALTER TABLE notes ADD COLUMN origin TEXT;
ALTER TABLE saved_queries ADD COLUMN origin TEXT;
ALTER TABLE noise_rules ADD COLUMN origin TEXT;
