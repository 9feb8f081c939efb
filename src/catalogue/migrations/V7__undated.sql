-- Undated letters are asked for with issuer and subject: an index that also held those without went through all of them each time.
DROP INDEX documents_unread;
CREATE INDEX documents_undated ON documents (received, id)
    WHERE letter_date IS NULL AND issuer IS NOT NULL AND subject IS NOT NULL;
-- The numbers of an office about a day.
CREATE INDEX documents_by_issuer ON documents (issuer, letter_date) WHERE issuer IS NOT NULL AND letter_date IS NOT NULL;
