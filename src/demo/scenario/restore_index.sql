-- The job's clean-up.
CREATE INDEX IF NOT EXISTS commits_fingerprint_idx ON commits (content_fingerprint(message))
