UNION ALL (
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
    (SELECT
        a.pid, a.backend_start, a.usesysid, a.application_name, a.client_addr, a.datid, a.state,
        a.state_change, a.query_start, a.xact_start,
        CASE WHEN a.state <> 'idle' THEN a.wait_event_type END,
        CASE WHEN a.state <> 'idle' THEN a.wait_event END,
        CASE WHEN a.wait_event_type = 'Lock' AND a.place <= 64 THEN pg_catalog.pg_blocking_pids(a.pid) END,
        a.backend_xid, a.backend_xmin,
        CASE WHEN NOT a.hidden AND (a.state <> 'idle' OR a.pid = ANY ($2))
            THEN pg_catalog.substring(pg_catalog.textsend(a.query), 1, 1024) END,
        a.hidden,
        NULL::pg_catalog.int8[]
    FROM a
    ORDER BY a.hidden, a.state = 'idle', a.state_change
    LIMIT 500)
    UNION ALL
    (SELECT
        -1 - GROUPING(a.state), NULL, a.usesysid, a.application_name, a.client_addr, NULL, a.state,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        a.hidden,
        ARRAY[pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE a.wait_event_type = 'Lock')]
    FROM a
    GROUP BY GROUPING SETS ((a.state, a.hidden), (a.usesysid, a.application_name, a.client_addr))
    LIMIT 5000)
)
