/* quarterdeck: which session of which server this is */
SELECT
    s.pid,
    (EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8,
    (EXTRACT(epoch FROM s.backend_start) * 1000000)::pg_catalog.int8
FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS s
