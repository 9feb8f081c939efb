-- The last failure of a file that an address was told of.
ALTER TABLE webhooks ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
