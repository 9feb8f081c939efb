-- Who may see what, and what was done: kept apart from the archive, so that the archive can be copied without the names of its readers.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,  -- what is typed to log in
    display       TEXT    NOT NULL,
    password      TEXT,                                    -- PHC string of argon2id; none until the one-time link was used
    role          TEXT    NOT NULL CHECK (role IN ('reader', 'clerk', 'archivist', 'administrator')),
    organisations TEXT,                                    -- JSON list; none for all
    clearance     TEXT    NOT NULL CHECK (clearance IN ('open', 'restricted', 'secret', 'top_secret')),
    disabled      INTEGER NOT NULL DEFAULT 0,
    failures      INTEGER NOT NULL DEFAULT 0,              -- wrong passwords in a row
    locked_until  INTEGER NOT NULL DEFAULT 0,              -- seconds since 1970, as all times of this table
    created       INTEGER NOT NULL
) STRICT;

-- Secrets are kept by their hash: who reads this file cannot use them.
CREATE TABLE sessions (
    secret  TEXT    PRIMARY KEY,
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    seen    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that set a password once. Without a user: the link that makes the first administrator.
CREATE TABLE links (
    secret  TEXT    PRIMARY KEY,
    user    INTEGER REFERENCES users (id) ON DELETE CASCADE,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id      INTEGER PRIMARY KEY,
    secret  TEXT    NOT NULL UNIQUE,
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT    NOT NULL,
    scopes  TEXT    NOT NULL,                              -- words parted by spaces
    created INTEGER NOT NULL,
    expires INTEGER,
    used    INTEGER
) STRICT;

-- Rows are added and never changed.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    address TEXT    NOT NULL
) STRICT;

CREATE TABLE jobs (
    id           TEXT    PRIMARY KEY,
    owner        INTEGER,                                  -- none where nobody has an account yet
    by_whom      TEXT    NOT NULL,
    organisation TEXT,
    created      TEXT    NOT NULL,
    ended        TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_open ON jobs (created) WHERE ended IS NULL;
CREATE INDEX jobs_by_created ON jobs (created);

CREATE TABLE job_files (
    job       TEXT    NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    name      TEXT    NOT NULL,                            -- as handed in
    path      TEXT    NOT NULL,                            -- where it waits
    sha256    TEXT    NOT NULL,
    bytes     INTEGER NOT NULL,
    status    TEXT    NOT NULL CHECK (status IN ('waiting', 'stored', 'duplicate', 'failed')),
    documents TEXT    NOT NULL DEFAULT '[]',
    pages     INTEGER NOT NULL DEFAULT 0,
    code      TEXT,
    message   TEXT,
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_files_by_content ON job_files (sha256);

-- Letters that a person looked at and found right, or as right as they can be.
CREATE TABLE reviewed (
    document TEXT PRIMARY KEY,
    by_whom  TEXT NOT NULL,
    at       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE searches (
    id    INTEGER PRIMARY KEY,
    user  INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name  TEXT    NOT NULL,
    query TEXT    NOT NULL                                 -- as in the address of the page
) STRICT;

CREATE TABLE webhooks (
    id      INTEGER PRIMARY KEY,
    url     TEXT    NOT NULL,
    secret  TEXT    NOT NULL,                              -- signs what is sent, so it is kept as it is
    user    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    sent    INTEGER NOT NULL DEFAULT 0,                    -- the last change told
    failures INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
) STRICT;
