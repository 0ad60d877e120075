/* quarterdeck: whether a second login can succeed: places for everybody, for this database and for this role, and who has them;
   one that cannot be seen has a place too */
WITH a AS MATERIALIZED (
    SELECT s.datid, s.usesysid, s.backend_type IS NULL AS hidden
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
    WHERE s.backend_type = 'client backend'
        OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL)
)
SELECT
    pg_catalog.current_setting('max_connections')::pg_catalog.int8
        - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8
        - COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int8, 0),
    (SELECT pg_catalog.count(*) FROM a),
    (SELECT CASE WHEN d.datconnlimit < 0 THEN NULL ELSE d.datconnlimit::pg_catalog.int8 - (
            SELECT pg_catalog.count(*) FROM a WHERE a.datid = d.oid)
        END
        FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()),
    (SELECT CASE WHEN r.rolconnlimit < 0 THEN NULL ELSE r.rolconnlimit::pg_catalog.int8 - (
            SELECT pg_catalog.count(*) FROM a WHERE a.usesysid = r.oid)
        END
        FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user),
    (SELECT pg_catalog.count(*) FROM a WHERE a.hidden)
