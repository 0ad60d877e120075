/* quarterdeck: what became of the sessions that were agreed to, and whether they may still be touched; reads only */
SELECT
    CASE
        WHEN s.pid IS NULL THEN 'gone'
        WHEN s.backend_start IS NULL OR s.state IS NULL OR r.rolsuper IS NULL THEN 'hidden'
        WHEN s.state <> o.state
            OR CASE WHEN s.state = 'active' THEN s.query_start ELSE s.state_change END IS DISTINCT FROM o.since
            THEN 'changed'
        WHEN s.backend_type IS DISTINCT FROM 'client backend' OR s.pid = pg_catalog.pg_backend_pid()
            OR pg_catalog.split_part(s.application_name, ' ', 1) = $5::pg_catalog.text OR r.rolsuper
            OR r.rolname::pg_catalog.text = ANY ($6::pg_catalog.text[])
            OR s.application_name = ANY ($7::pg_catalog.text[]) THEN 'spared'
        WHEN NOT (pg_catalog.pg_has_role(s.usesysid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
            THEN 'right'
        ELSE 'session'
    END,
    o.at, o.pid, o.backend_start, r.rolname::pg_catalog.text, s.application_name, s.client_addr,
    b.datname::pg_catalog.text, o.state, o.since, s.xact_start,
    pg_catalog.substring(pg_catalog.textsend(s.query), 1, 512), false, NULL::pg_catalog.int4[], NULL::pg_catalog.int8,
    NULL::pg_catalog.text, pg_catalog.clock_timestamp()
FROM ROWS FROM (
    pg_catalog.unnest($1::pg_catalog.int4[]),
    pg_catalog.unnest($2::pg_catalog.timestamptz[]),
    pg_catalog.unnest($3::pg_catalog.text[]),
    pg_catalog.unnest($4::pg_catalog.timestamptz[])
) WITH ORDINALITY AS o (pid, backend_start, state, since, at)
LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS s
    ON s.pid = o.pid AND (s.backend_start = o.backend_start OR s.backend_start IS NULL)
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.usesysid
LEFT JOIN pg_catalog.pg_database AS b ON b.oid = s.datid
ORDER BY o.at
