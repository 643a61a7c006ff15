-- What investigators look up beside the events: accounts, people, rights, and findings of GuardDuty. Each row belongs to
-- the file that it was read from; the views choose among files that tell about the same.

-- Accounts of an organization: `aws organizations list-accounts`, or a CSV file of ids and names.
CREATE TABLE accounts (
    file_id   INTEGER NOT NULL REFERENCES files (id),
    id        TEXT NOT NULL,                    -- 12 digits
    name      TEXT,
    email     TEXT,
    status    TEXT,                             -- ACTIVE, SUSPENDED, PENDING_CLOSURE
    joined_at TEXT
) STRICT;
CREATE INDEX accounts_by_file ON accounts (file_id);

-- Users of an identity store: `aws identitystore list-users`.
CREATE TABLE people (
    file_id           INTEGER NOT NULL REFERENCES files (id),
    user_id           TEXT NOT NULL,            -- userIdentity.onBehalfOf.userId of events
    user_name         TEXT NOT NULL,            -- the session name of AWSReservedSSO_* roles
    display_name      TEXT,
    email             TEXT,
    identity_store_id TEXT
) STRICT;
CREATE INDEX people_by_file ON people (file_id);

-- Findings of GuardDuty, each version that was read.
CREATE TABLE lead_versions (
    file_id     INTEGER NOT NULL REFERENCES files (id),
    id          TEXT NOT NULL,                  -- the same in every version of a finding
    account_id  TEXT,
    aws_region  TEXT,
    type        TEXT NOT NULL,                  -- UnauthorizedAccess:IAMUser/MaliciousIPCaller, AttackSequence:...
    title       TEXT,
    description TEXT,
    severity    REAL,                           -- from 1 to 10
    first_seen  TEXT NOT NULL,                  -- of the activity
    last_seen   TEXT NOT NULL,
    updated_at  TEXT NOT NULL,                  -- of the finding
    archived    INTEGER,
    access_keys TEXT NOT NULL,                  -- JSON arrays of texts
    addresses   TEXT NOT NULL,                  -- remote ones
    principals  TEXT NOT NULL,                  -- unique ids
    resources   TEXT NOT NULL,
    finding     TEXT NOT NULL                   -- the finding as JSON
) STRICT;
CREATE INDEX lead_versions_by_file ON lead_versions (file_id);

-- Users, groups and roles: `aws iam get-account-authorization-details`.
CREATE TABLE iam_principals (
    file_id      INTEGER NOT NULL REFERENCES files (id),
    kind         TEXT NOT NULL,                 -- user, group, role
    account_id   TEXT,
    arn          TEXT NOT NULL,
    name         TEXT NOT NULL,
    principal_id TEXT,                          -- userIdentity.principalId begins with it
    created_at   TEXT,
    last_used_at TEXT,                          -- of a role
    policies     TEXT NOT NULL,                 -- a JSON array of names
    is_admin     INTEGER NOT NULL,              -- 1: a policy allows every action on every resource
    boundary     TEXT,                          -- the ARN of the permissions boundary
    trust        TEXT                           -- the trust policy of a role, as JSON
) STRICT;
CREATE INDEX iam_principals_by_file ON iam_principals (file_id);

-- Rows of the credential report. It does not give the ids of access keys.
CREATE TABLE iam_credentials (
    file_id               INTEGER NOT NULL REFERENCES files (id),
    user_name             TEXT NOT NULL,        -- <root_account> for the root user
    arn                   TEXT NOT NULL,
    account_id            TEXT,
    created_at            TEXT,
    has_password          INTEGER,
    password_last_used_at TEXT,
    has_mfa               INTEGER,
    key_1_is_active       INTEGER,
    key_1_rotated_at      TEXT,
    key_1_last_used_at    TEXT,
    key_2_is_active       INTEGER,
    key_2_rotated_at      TEXT,
    key_2_last_used_at    TEXT
) STRICT;
CREATE INDEX iam_credentials_by_file ON iam_credentials (file_id);

-- The accounts, each as the file says that was modified last.
CREATE VIEW organization_accounts AS
    SELECT id, name, email, status, joined_at
    FROM (SELECT a.*, row_number() OVER (PARTITION BY a.id
                                         ORDER BY f.modified DESC NULLS LAST, a.name, a.email, f.sha256) AS place
          FROM accounts a JOIN files f ON f.id = a.file_id)
    WHERE place = 1;

-- The findings of GuardDuty, each in its newest version; the number is that of `.lead N`.
CREATE VIEW leads AS
    SELECT row_number() OVER (ORDER BY severity DESC NULLS LAST, last_seen DESC, id) AS n,
           severity, type, title, account_id, aws_region, first_seen, last_seen, updated_at, archived,
           access_keys, addresses, principals, resources, id, description, finding
    FROM (SELECT l.*, row_number() OVER (PARTITION BY id ORDER BY updated_at DESC, finding) AS place
          FROM lead_versions l)
    WHERE place = 1;

-- Users, groups and roles, each as the file says that was modified last.
CREATE VIEW iam_rights AS
    SELECT kind, account_id, arn, name, principal_id, created_at, last_used_at, policies, is_admin, boundary, trust
    FROM (SELECT p.*, row_number() OVER (PARTITION BY p.arn
                                         ORDER BY f.modified DESC NULLS LAST, f.sha256, p.rowid) AS place
          FROM iam_principals p JOIN files f ON f.id = p.file_id)
    WHERE place = 1;

-- Rows of credential reports, each as the file says that was modified last.
CREATE VIEW iam_keys AS
    SELECT user_name, arn, account_id, created_at, has_password, password_last_used_at, has_mfa, key_1_is_active,
           key_1_rotated_at, key_1_last_used_at, key_2_is_active, key_2_rotated_at, key_2_last_used_at
    FROM (SELECT c.*, row_number() OVER (PARTITION BY c.arn
                                         ORDER BY f.modified DESC NULLS LAST, f.sha256, c.rowid) AS place
          FROM iam_credentials c JOIN files f ON f.id = c.file_id)
    WHERE place = 1;
