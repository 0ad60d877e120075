UNION ALL (
    SELECT
        a.pid, a.backend_start, a.usesysid, a.application_name, a.client_addr, a.datid, a.state,
        a.state_change, a.query_start, a.xact_start,
        CASE WHEN a.state <> 'idle' THEN a.wait_event_type END,
        CASE WHEN a.state <> 'idle' THEN a.wait_event END,
        CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) END,
        a.backend_xid, a.backend_xmin,
        CASE WHEN a.backend_type IS NOT NULL AND (a.state <> 'idle' OR $4 OR a.pid = ANY ($2))
            THEN pg_catalog.substring(pg_catalog.textsend(a.query), 1, 1024) END,
        a.backend_type IS NULL,
        NULL
    FROM pg_catalog.pg_stat_get_activity(NULL) AS a
    WHERE a.pid <> pg_catalog.pg_backend_pid()
        AND (a.backend_type = 'client backend'
            OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL AND a.datid IS NOT NULL))
    LIMIT 501
)
