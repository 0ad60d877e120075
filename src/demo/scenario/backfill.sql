-- In the same transaction, and it takes hours.
UPDATE webhooks SET owner = owner_of(name)
