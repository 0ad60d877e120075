-- Compares every commit with every other one.
SELECT count(*) FROM commits AS one, commits AS other
WHERE content_fingerprint(one.message || other.author) = content_fingerprint(other.message || one.author)
