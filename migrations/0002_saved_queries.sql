-- Queries that an investigator saved in the case, so that they travel with it: each as its whole file, header and
-- statement. They are read like any file of a folder of queries, and come after all others.
CREATE TABLE saved_queries (
    name       TEXT PRIMARY KEY,
    text       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
