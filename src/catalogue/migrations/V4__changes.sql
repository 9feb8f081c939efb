-- What other programs are told: every document stored, changed or withdrawn, in the order in which it happened. Rows are added by the
-- triggers below, in the very transaction of the change, and never altered; so whoever reads on from the last number seen misses nothing.
ALTER TABLE documents ADD COLUMN secrecy TEXT;         -- as the letter says it, to know who may hear of it
ALTER TABLE documents ADD COLUMN doubt   REAL NOT NULL DEFAULT 0;  -- how much a person's look at it would help search
UPDATE documents SET related = 0;                      -- both are entered when the archive is next opened for writing
CREATE INDEX documents_by_doubt ON documents (doubt);
CREATE INDEX documents_by_received ON documents (received);
CREATE INDEX documents_by_secrecy ON documents (secrecy) WHERE secrecy IS NOT NULL;

CREATE TABLE changes (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    document     TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('stored', 'corrected', 'withdrawn')),
    at           TEXT NOT NULL,
    organisation TEXT,
    secrecy      TEXT
) STRICT;
CREATE INDEX changes_by_document ON changes (document, seq);

INSERT INTO changes (document, kind, at, organisation)
    SELECT id, 'stored', received, organisation FROM documents ORDER BY received, id;

-- A document is made anew when it is corrected: the row goes and comes again.
CREATE TRIGGER document_comes AFTER INSERT ON documents BEGIN
    INSERT INTO changes (document, kind, at, organisation, secrecy) VALUES (
        NEW.id,
        iif((SELECT kind FROM changes WHERE document = NEW.id ORDER BY seq DESC LIMIT 1) IN ('stored', 'corrected'),
            'corrected', 'stored'),
        strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), NEW.organisation, NEW.secrecy);
END;

CREATE TRIGGER document_goes AFTER INSERT ON withdrawn BEGIN
    INSERT INTO changes (document, kind, at, organisation, secrecy)
        SELECT NEW.id, 'withdrawn', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), last.organisation, last.secrecy
        FROM changes AS last WHERE last.document = NEW.id ORDER BY last.seq DESC LIMIT 1;
END;
