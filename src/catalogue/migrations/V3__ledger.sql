-- Who handed a file in and from which folder, where the paper lies, what the file looked like from outside, and whether a process is at
-- work on it: a row that is still begun when an archive is opened for writing belongs to a process that died.
ALTER TABLE inputs ADD COLUMN source  TEXT NOT NULL DEFAULT '';  -- folder or file that was handed in, absolute
ALTER TABLE inputs ADD COLUMN by_whom TEXT NOT NULL DEFAULT '';
ALTER TABLE inputs ADD COLUMN shelf   TEXT;
ALTER TABLE inputs ADD COLUMN carton  TEXT;                      -- the box
ALTER TABLE inputs ADD COLUMN binder  TEXT;                      -- the file of papers
ALTER TABLE inputs ADD COLUMN stamp   TEXT NOT NULL DEFAULT '';  -- device, inode, size and times; empty where it proves nothing
ALTER TABLE inputs ADD COLUMN begun   TEXT CHECK (begun IN ('reading', 'filing'));
ALTER TABLE inputs ADD COLUMN deaths  INTEGER NOT NULL DEFAULT 0; -- how often the process died while it was at work on it
CREATE INDEX inputs_begun ON inputs (begun) WHERE begun IS NOT NULL;
CREATE INDEX inputs_by_day ON inputs (first_seen);

ALTER TABLE ignored ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- Pages of stored files that could not be read, by the page of the original, from 1.
CREATE TABLE unread (
    original TEXT    NOT NULL,
    page     INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    message  TEXT    NOT NULL,
    at       TEXT    NOT NULL,
    PRIMARY KEY (original, page)
) STRICT, WITHOUT ROWID;
