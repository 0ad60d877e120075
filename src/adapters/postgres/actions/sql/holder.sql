/* quarterdeck: which other sessions hold a lock of actions: of this database, of the whole server, and ($4) of any database */
SELECT
    s.usesysid::pg_catalog.regrole::pg_catalog.text, s.application_name, pg_catalog.host(s.client_addr), l.pid,
    CASE WHEN l.database <> $3::pg_catalog.oid THEN b.datname::pg_catalog.text END,
    (EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8,
    (EXTRACT(epoch FROM s.backend_start) * 1000000)::pg_catalog.int8,
    s.state,
    -- Whoever has what is wanted here for themself alone: nobody can have it beside them.
    l.mode = 'ExclusiveLock' AND l.database = $3 AND ($4::pg_catalog.bool OR l.objid <> 0)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = l.pid
LEFT JOIN pg_catalog.pg_database AS b ON b.oid = l.database
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.pid <> pg_catalog.pg_backend_pid()
    AND l.classid = $1::pg_catalog.int8::pg_catalog.oid
    AND ($4::pg_catalog.bool OR l.objid = 0
        OR (l.database = $3 AND l.objid = $2::pg_catalog.int8::pg_catalog.oid))
LIMIT 100
