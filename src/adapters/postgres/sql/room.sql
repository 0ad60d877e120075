/* quarterdeck: whether more logins can succeed: places for everybody, for this database and for this role, and who has them;
   a session that cannot be seen has a place too. Superusers are held to no limit but that of the server */
WITH a AS MATERIALIZED (
    SELECT s.datid, s.usesysid, s.backend_type AS kind
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
    WHERE s.backend_type IN ('client backend', 'walsender', 'autovacuum worker')
        OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL)
)
SELECT
    (SELECT pg_catalog.count(*) FROM a WHERE a.kind IS NULL OR a.kind = 'client backend'),
    pg_catalog.current_setting('max_connections')::pg_catalog.int8,
    CASE WHEN r.rolsuper THEN 0 ELSE
        pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8
        + CASE WHEN pg_catalog.current_setting('reserved_connections', true) IS NOT NULL
            AND EXISTS (SELECT FROM pg_catalog.pg_roles AS u WHERE u.rolname = 'pg_use_reserved_connections'
                AND pg_catalog.pg_has_role(u.oid, 'USAGE')) THEN 0
            ELSE COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int8, 0) END
    END,
    CASE WHEN r.rolsuper OR r.rolconnlimit < 0 THEN NULL ELSE r.rolconnlimit::pg_catalog.int8 END,
    (SELECT pg_catalog.count(*) FROM a WHERE a.usesysid = r.oid AND a.kind IS DISTINCT FROM 'autovacuum worker'),
    CASE WHEN r.rolsuper OR d.datconnlimit < 0 THEN NULL ELSE d.datconnlimit::pg_catalog.int8 END,
    (SELECT pg_catalog.count(*) FROM a WHERE a.datid = d.oid),
    (SELECT pg_catalog.count(*) FROM a WHERE a.kind IS NULL)
FROM pg_catalog.pg_roles AS r, pg_catalog.pg_database AS d
WHERE r.rolname = session_user AND d.datname = pg_catalog.current_database()
