pg_catalog.array_agg(s.pid),
    pg_catalog.array_agg(
        CASE WHEN s.state = 'idle' AND s.state_change < $5 AND s.pid <> ALL ($2) THEN NULL
        ELSE ROW(
            s.pid, s.backend_start, s.usesysid, s.application_name, s.client_addr, s.datid, s.state,
            s.state_change, s.query_start, s.xact_start,
            CASE WHEN s.state <> 'idle' THEN s.wait_event_type END,
            CASE WHEN s.state <> 'idle' THEN s.wait_event END,
            CASE WHEN s.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(s.pid) END,
            s.backend_xid, s.backend_xmin,
            CASE WHEN s.backend_type IS NOT NULL AND (s.state <> 'idle' OR $4 OR s.pid = ANY ($2))
                THEN pg_catalog.substring(pg_catalog.textsend(s.query), 1, 1024) END,
            s.backend_type IS NULL
        ) END
    ),
    NULL::pg_catalog.int4,
    NULL::pg_catalog.int4
FROM pg_catalog.pg_stat_get_activity(NULL) AS s
