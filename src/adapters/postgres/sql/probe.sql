/* quarterdeck: what this connection is and may; asked once for each connection */
SELECT
    pg_catalog.current_setting('server_version'),
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
    pg_catalog.pg_is_in_recovery(),
    pg_catalog.current_setting('transaction_read_only') = 'on',
    pg_catalog.current_database()::pg_catalog.text,
    current_user::pg_catalog.text,
    (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()),
    pg_catalog.current_setting('max_connections')::pg_catalog.int4,
    pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
        + COALESCE(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0),
    pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'),
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT'),
    pg_catalog.pg_backend_pid() = $1,
    pg_catalog.current_setting('pg_stat_statements.max', true) IS NOT NULL,
    e.schema,
    e.usable,
    e.total_exec_time,
    e.toplevel,
    e.info,
    pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
    pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') OR EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r
        WHERE r.rolcanlogin AND r.rolname <> current_user AND pg_catalog.pg_has_role(r.oid, 'USAGE')
    ),
    CASE WHEN pg_catalog.pg_backend_pid() = $1 THEN
        pg_catalog.set_config('default_transaction_read_only', 'on', false)
        || pg_catalog.set_config('statement_timeout', $2, false)
        || pg_catalog.set_config('lock_timeout', $3, false)
        || pg_catalog.set_config('search_path', COALESCE($4, pg_catalog.current_setting('search_path')), false)
    END
FROM (VALUES (1)) AS one (one)
LEFT JOIN (
    SELECT
        n.nspname::pg_catalog.text AS schema,
        pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE') AS usable,
        'total_exec_time' = ANY (p.proargnames) AS total_exec_time,
        'toplevel' = ANY (p.proargnames) AS toplevel,
        EXISTS (
            SELECT FROM pg_catalog.pg_proc AS i WHERE i.pronamespace = n.oid AND i.proname = 'pg_stat_statements_info'
        ) AS info
    FROM pg_catalog.pg_extension AS x
    JOIN pg_catalog.pg_namespace AS n ON n.oid = x.extnamespace
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pg_stat_statements'
    WHERE x.extname = 'pg_stat_statements'
) AS e ON true
LIMIT 1
