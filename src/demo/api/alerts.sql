-- The newest alerts, with the number of all.
SELECT id, title, severity, repository, status, created_at, (SELECT count(*) FROM alerts)
FROM alerts
ORDER BY created_at DESC
LIMIT 20
