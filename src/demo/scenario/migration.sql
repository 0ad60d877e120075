-- Takes an exclusive lock on the table; the transaction stays open.
BEGIN;
ALTER TABLE webhooks ADD COLUMN owner text;
