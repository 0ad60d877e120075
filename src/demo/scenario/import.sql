-- A batch of deliveries that are not due for an hour; none once the circuit is closed or the queue is full.
WITH room AS (
    SELECT 1 FROM delivery_circuit
    WHERE open_until > now()
      AND (SELECT count(*) FROM alert_delivery_queue WHERE delivery_status = 'pending') < 4000
), queued AS (
    INSERT INTO alert_delivery_queue (alert_id, webhook_id, next_attempt_at)
    SELECT n, 1 + n % 24, now() + interval '1 hour' FROM room, generate_series(1, 100) AS n
    RETURNING 1
)
SELECT count(*) FROM queued
