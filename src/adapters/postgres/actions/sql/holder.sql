/* quarterdeck: which other session holds the lock of this database's actions */
SELECT s.usesysid::pg_catalog.regrole::pg_catalog.text, s.application_name, pg_catalog.host(s.client_addr), l.pid
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.pid <> pg_catalog.pg_backend_pid()
    AND l.database = $3::pg_catalog.oid AND l.classid = $1::pg_catalog.int8::pg_catalog.oid
    AND l.objid = $2::pg_catalog.int8::pg_catalog.oid
LIMIT 1
