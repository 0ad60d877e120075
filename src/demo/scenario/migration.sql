-- Takes an exclusive lock on the table, for as long as the transaction lasts.
BEGIN;
SET LOCAL statement_timeout = '2h';
ALTER TABLE webhooks ADD COLUMN owner text;
