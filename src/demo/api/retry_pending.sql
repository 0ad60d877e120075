-- Closes the circuit and makes every waiting delivery due.
WITH closed AS (
    UPDATE delivery_circuit SET open_until = '-infinity', reason = NULL RETURNING 1
), due AS (
    UPDATE alert_delivery_queue SET next_attempt_at = now(), delivery_status = 'pending'
    WHERE delivery_status IN ('pending', 'failed')
    RETURNING 1
)
SELECT (SELECT count(*) FROM due) + 0 * (SELECT count(*) FROM closed)
