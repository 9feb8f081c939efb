-- Letters of which neither number nor date was read: few, and looked for whenever a citation leads nowhere.
CREATE INDEX documents_unread ON documents (received, id) WHERE number_key IS NULL AND letter_date IS NULL;
