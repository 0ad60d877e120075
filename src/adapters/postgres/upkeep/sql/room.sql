/* quarterdeck: whether one more login can succeed; a session that cannot be seen has a place too */
WITH a AS MATERIALIZED (
    SELECT s.usesysid, s.backend_type IS NULL AS hidden
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
    WHERE s.backend_type = 'client backend'
        OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL)
)
SELECT
    (SELECT pg_catalog.count(*) FROM a),
    pg_catalog.current_setting('max_connections')::pg_catalog.int8,
    CASE WHEN r.rolsuper THEN 0 ELSE
        pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8
        + CASE WHEN pg_catalog.current_setting('reserved_connections', true) IS NOT NULL
            AND EXISTS (SELECT FROM pg_catalog.pg_roles AS u WHERE u.rolname = 'pg_use_reserved_connections'
                AND pg_catalog.pg_has_role(u.oid, 'USAGE')) THEN 0
            ELSE COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int8, 0) END
    END,
    r.rolconnlimit::pg_catalog.int8,
    (SELECT pg_catalog.count(*) FROM a WHERE a.usesysid = r.oid),
    r.rolsuper,
    (SELECT pg_catalog.count(*) FROM a WHERE a.hidden)
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = session_user
