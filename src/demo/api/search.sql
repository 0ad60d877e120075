-- Commits with the same content as a given one; needs commits_fingerprint_idx.
SELECT id, repository, author, message
FROM commits
WHERE content_fingerprint(message) = (SELECT content_fingerprint(message) FROM commits WHERE id = $1)
ORDER BY id
LIMIT 20
