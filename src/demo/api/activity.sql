-- Commits per repository; reads and hashes a good part of the table.
SELECT repository, count(*)
FROM commits
WHERE md5(message || author) > '8' AND created_at > now() - interval '60 days'
GROUP BY repository
ORDER BY 2 DESC
