-- One row a path and content ever handed in: the ledger. `sha256` is empty where the bytes could not be read.
CREATE TABLE inputs (
    id         INTEGER PRIMARY KEY,
    location   TEXT    NOT NULL,             -- absolute path; with the content, the identity of the row
    path       TEXT    NOT NULL,             -- as handed in
    sha256     TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    media_type TEXT    NOT NULL,
    organisation TEXT,
    status     TEXT    NOT NULL CHECK (status IN ('waiting', 'stored', 'duplicate', 'failed')),
    code       TEXT,
    message    TEXT,
    page       INTEGER,
    attempts   INTEGER NOT NULL,             -- counted before work starts
    first_seen TEXT    NOT NULL,
    updated    TEXT    NOT NULL,
    UNIQUE (location, sha256)
) STRICT;
CREATE INDEX inputs_by_content ON inputs (sha256);
CREATE INDEX inputs_by_status ON inputs (status);

-- Files found in folders that are no kind of file Warraq reads.
CREATE TABLE ignored (
    location   TEXT PRIMARY KEY,
    first_seen TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A stage's kept answer: what was read from one page of one original, by which program and settings.
CREATE TABLE results (
    original TEXT    NOT NULL,
    page     INTEGER NOT NULL,               -- in the original, from 0
    stage    TEXT    NOT NULL,               -- name, version, settings and engine
    record   TEXT    NOT NULL,               -- blob
    PRIMARY KEY (original, page, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
    id           TEXT    PRIMARY KEY,
    original     TEXT    NOT NULL,
    part         INTEGER,
    name         TEXT    NOT NULL,
    path         TEXT    NOT NULL,
    media_type   TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    received     TEXT    NOT NULL,
    organisation TEXT,
    first_page   INTEGER NOT NULL,
    last_page    INTEGER NOT NULL,
    letter       TEXT    NOT NULL,           -- record, versioned
    letter_number TEXT,                      -- from the letter, to look up by
    letter_date  TEXT,
    indexed      INTEGER NOT NULL            -- 0 until the index has it for good
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_original ON documents (original);
CREATE INDEX documents_not_indexed ON documents (indexed) WHERE indexed = 0;
CREATE INDEX documents_by_number ON documents (letter_number) WHERE letter_number IS NOT NULL;

CREATE TABLE pages (
    document TEXT    NOT NULL REFERENCES documents (id),
    number   INTEGER NOT NULL,
    record   TEXT    NOT NULL,               -- blob
    PRIMARY KEY (document, number)
) STRICT, WITHOUT ROWID;
