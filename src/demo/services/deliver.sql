-- Marks a batch of what is due as delivered; two workers never take the same row.
UPDATE alert_delivery_queue
SET delivery_status = 'delivered', delivered_at = now(), attempts = attempts + 1
WHERE id IN (
    SELECT id FROM alert_delivery_queue
    WHERE delivery_status = 'pending' AND next_attempt_at <= now()
    ORDER BY created_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED
)
