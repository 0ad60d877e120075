-- As after too many failures of a receiver.
UPDATE delivery_circuit SET open_until = now() + interval '6 hours', reason = 'receiver timeouts';
