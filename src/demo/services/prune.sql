-- Keeps the sample's tables small.
DELETE FROM alert_delivery_queue WHERE delivery_status = 'delivered' AND delivered_at < now() - interval '3 minutes';
DELETE FROM alerts WHERE id <= (SELECT max(id) - 3000 FROM alerts);
