-- What letters are compared by, so that a citation finds the letter it means. Rows of the first form are entered when the archive is
-- next opened for writing: `related` is 0 until then.
ALTER TABLE documents ADD COLUMN number_key TEXT;      -- the number as it is compared
ALTER TABLE documents ADD COLUMN issuer     TEXT;
ALTER TABLE documents ADD COLUMN subject    TEXT;
ALTER TABLE documents ADD COLUMN sketch     TEXT;      -- of the words, to know copies of a letter by
ALTER TABLE documents ADD COLUMN begins     TEXT;      -- why a letter begins at its first page, in a file of several
ALTER TABLE documents ADD COLUMN related    INTEGER NOT NULL DEFAULT 0;
CREATE INDEX documents_by_number_key ON documents (number_key) WHERE number_key IS NOT NULL;
CREATE INDEX documents_by_date ON documents (letter_date) WHERE letter_date IS NOT NULL;
CREATE INDEX documents_not_related ON documents (related) WHERE related = 0;

-- Letters cited. A row stays whether or not the letter it means is in the archive: which one that is, is found when asked.
CREATE TABLE citations (
    document   TEXT    NOT NULL REFERENCES documents (id),
    position   INTEGER NOT NULL,
    number     TEXT    NOT NULL,
    number_key TEXT    NOT NULL,
    date       TEXT,
    issuer     TEXT,
    PRIMARY KEY (document, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX citations_by_number_key ON citations (number_key);
CREATE INDEX citations_by_date ON citations (date) WHERE date IS NOT NULL;

-- What people set right: never changed and never deleted, the last one counts. A letter is known by its original and the page of it
-- that it begins on, since its id changes when the file is split otherwise.
CREATE TABLE corrections (
    id         INTEGER PRIMARY KEY,
    original   TEXT    NOT NULL,
    first_page INTEGER NOT NULL,
    field      TEXT    NOT NULL,
    old        TEXT    NOT NULL,                       -- JSON: the list of values before
    new        TEXT    NOT NULL,                       -- JSON: the list of values
    by_whom    TEXT    NOT NULL,
    at         TEXT    NOT NULL
) STRICT;
CREATE INDEX corrections_by_original ON corrections (original);

-- Where people say that a letter begins within a file, or does not. The last one for a page counts.
CREATE TABLE cuts (
    id       INTEGER PRIMARY KEY,
    original TEXT    NOT NULL,
    page     INTEGER NOT NULL,                         -- in the original, from 1
    begins   INTEGER NOT NULL,
    by_whom  TEXT    NOT NULL,
    at       TEXT    NOT NULL
) STRICT;
CREATE INDEX cuts_by_original ON cuts (original);

-- Documents that are no more, since their file was split otherwise, and that the index may still hold.
CREATE TABLE withdrawn (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
