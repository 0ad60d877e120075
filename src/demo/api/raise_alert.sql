-- One alert and its delivery; none while the queue is full, so that the sample stays small.
WITH room AS (
    SELECT 1 WHERE (SELECT count(*) FROM alert_delivery_queue WHERE delivery_status = 'pending') < 6000
), raised AS (
    INSERT INTO alerts (title, severity, repository)
    SELECT 'merge conflict in repository ' || (extract(epoch FROM now())::bigint % 9),
           (ARRAY['INFO', 'WARNING', 'WARNING', 'CRITICAL'])[1 + (random() * 3)::int],
           'repository-' || (extract(epoch FROM now())::bigint % 9)
    FROM room
    RETURNING id
), queued AS (
    INSERT INTO alert_delivery_queue (alert_id, webhook_id)
    SELECT raised.id, webhooks.id
    FROM raised, LATERAL (SELECT id FROM webhooks WHERE is_active ORDER BY random() LIMIT 2) AS webhooks
    RETURNING 1
)
SELECT count(*) FROM queued
