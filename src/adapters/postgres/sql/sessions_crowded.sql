NULL::pg_catalog.int4[],
    c.rows,
    c.states,
    c.holders
FROM (
    WITH a AS MATERIALIZED (
        SELECT
            s.*,
            s.backend_type IS NULL AS hidden,
            pg_catalog.row_number() OVER (ORDER BY s.wait_event_type IS DISTINCT FROM 'Lock', s.query_start) AS place
        FROM pg_catalog.pg_stat_get_activity(NULL) AS s
        WHERE s.pid <> pg_catalog.pg_backend_pid()
            AND (s.backend_type = 'client backend'
                OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL))
    )
    SELECT
        (SELECT pg_catalog.array_agg(ROW(
            r.pid, r.backend_start, r.usesysid, r.application_name, r.client_addr, r.datid, r.state,
            r.state_change, r.query_start, r.xact_start,
            CASE WHEN r.state <> 'idle' THEN r.wait_event_type END,
            CASE WHEN r.state <> 'idle' THEN r.wait_event END,
            CASE WHEN r.wait_event_type = 'Lock' AND r.place <= 64 THEN pg_catalog.pg_blocking_pids(r.pid) END,
            r.backend_xid, r.backend_xmin,
            CASE WHEN NOT r.hidden AND (r.state <> 'idle' OR r.pid = ANY ($2))
                THEN pg_catalog.substring(pg_catalog.textsend(r.query), 1, 1024) END,
            r.hidden
        )) FROM (SELECT * FROM a ORDER BY a.hidden, a.state = 'idle', a.state_change LIMIT 500) AS r) AS rows,
        (SELECT pg_catalog.array_agg(ROW(g.state, g.hidden, g.sessions, g.waiting)) FROM (
            SELECT
                a.state, a.hidden,
                pg_catalog.count(*) AS sessions,
                pg_catalog.count(*) FILTER (WHERE a.wait_event_type = 'Lock') AS waiting
            FROM a GROUP BY a.state, a.hidden
        ) AS g) AS states,
        (SELECT pg_catalog.array_agg(ROW(g.usesysid, g.application_name, g.client_addr, g.sessions)) FROM (
            SELECT a.usesysid, a.application_name, a.client_addr, pg_catalog.count(*) AS sessions
            FROM a GROUP BY a.usesysid, a.application_name, a.client_addr
            ORDER BY pg_catalog.count(*) DESC LIMIT 50
        ) AS g) AS holders
) AS c
