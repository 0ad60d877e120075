/* quarterdeck: who holds or awaits what upkeep of a table would wait for */
SELECT l.pid, l.mode, l.granted, pg_catalog.pg_get_userbyid(a.usesysid)::pg_catalog.text, a.application_name, a.state,
    pg_catalog.extract('epoch', pg_catalog.clock_timestamp() - a.xact_start)::pg_catalog.float8
FROM pg_catalog.pg_locks AS l
LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(l.pid) AS a ON true
WHERE l.locktype = 'relation' AND l.database = $1 AND l.relation = ANY ($2) AND l.pid <> pg_catalog.pg_backend_pid()
    AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
ORDER BY l.granted DESC, a.xact_start
LIMIT 6
