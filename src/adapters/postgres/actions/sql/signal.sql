/* quarterdeck: signals sessions, each only if it still is what was agreed to */
WITH turn AS MATERIALIZED (
    SELECT pg_catalog.pg_try_advisory_xact_lock_shared($1, $2) AS ours
)
SELECT
    o.at,
    CASE
        WHEN NOT turn.ours THEN 'held'
        WHEN s.pid IS NULL OR s.backend_start <> o.backend_start THEN 'gone'
        WHEN s.pid = pg_catalog.pg_backend_pid() OR pg_catalog.split_part(s.application_name, ' ', 1) = $7
            THEN 'refused: ours'
        WHEN s.backend_start IS NULL OR s.state IS NULL OR r.rolsuper IS NULL THEN 'refused: it cannot be seen'
        WHEN s.backend_type IS DISTINCT FROM 'client backend' THEN 'refused: not a client'
        WHEN r.rolsuper THEN 'refused: a superuser'
        WHEN s.state <> o.state THEN 'changed'
        WHEN CASE WHEN s.state = 'active' THEN s.query_start ELSE s.state_change END IS DISTINCT FROM o.since
            THEN 'changed'
        WHEN NOT (pg_catalog.pg_has_role(s.usesysid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
            THEN 'refused: no right'
        WHEN pg_catalog.{function}(s.pid) THEN 'done'
        ELSE 'left'
    END
FROM ROWS FROM (
    pg_catalog.unnest($3::pg_catalog.int4[]),
    pg_catalog.unnest($4::pg_catalog.timestamptz[]),
    pg_catalog.unnest($5::pg_catalog.text[]),
    pg_catalog.unnest($6::pg_catalog.timestamptz[])
) WITH ORDINALITY AS o (pid, backend_start, state, since, at)
CROSS JOIN turn
LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = o.pid
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.usesysid
