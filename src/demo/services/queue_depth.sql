-- Deliveries that wait.
SELECT count(*) FROM alert_delivery_queue WHERE delivery_status = 'pending'
