/* quarterdeck: whether a second login can succeed: places for everybody, for this database and for this role, and who has them */
SELECT
    pg_catalog.current_setting('max_connections')::pg_catalog.int8
        - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8
        - COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int8, 0),
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a WHERE a.backend_type = 'client backend'),
    (SELECT CASE WHEN d.datconnlimit < 0 THEN NULL ELSE d.datconnlimit::pg_catalog.int8 - (
            SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
            WHERE a.datid = d.oid AND a.backend_type = 'client backend')
        END
        FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()),
    (SELECT CASE WHEN r.rolconnlimit < 0 THEN NULL ELSE r.rolconnlimit::pg_catalog.int8 - (
            SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
            WHERE a.usesysid = r.oid AND a.backend_type = 'client backend')
        END
        FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
