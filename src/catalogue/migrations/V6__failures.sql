-- Every time a file ended as failed, in the order in which it happened, so that other programs can be told. Rows are added by the trigger
-- below, in the very transaction that notes the end, and never altered.
CREATE TABLE failures (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    path         TEXT    NOT NULL,
    sha256       TEXT    NOT NULL,            -- empty where the bytes could not be read
    code         TEXT    NOT NULL,
    message      TEXT    NOT NULL,
    page         INTEGER,
    at           TEXT    NOT NULL,
    organisation TEXT
) STRICT;

CREATE TRIGGER file_fails AFTER UPDATE OF status ON inputs WHEN NEW.status = 'failed' BEGIN
    INSERT INTO failures (path, sha256, code, message, page, at, organisation) VALUES (
        NEW.path, NEW.sha256, coalesce(NEW.code, ''), coalesce(NEW.message, ''), NEW.page, NEW.updated, NEW.organisation);
END;
