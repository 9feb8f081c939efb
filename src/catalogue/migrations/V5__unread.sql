-- Letters of which number or date was not read: few, and looked through whenever a citation leads nowhere.
CREATE INDEX documents_unread ON documents (received, id) WHERE letter_date IS NULL;
CREATE INDEX citations_by_issuer ON citations (issuer) WHERE issuer IS NOT NULL;
-- Who signed, where it was read without doubt: names that mend misread ones.
ALTER TABLE documents ADD COLUMN signatory TEXT;
CREATE INDEX documents_by_signatory ON documents (signatory) WHERE signatory IS NOT NULL;
UPDATE documents SET related = 0;                      -- entered when the archive is next opened for writing
