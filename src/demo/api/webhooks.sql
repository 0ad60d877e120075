-- All webhooks.
SELECT id, name, url, status, is_active FROM webhooks ORDER BY id LIMIT 100
