/* quarterdeck: who answers on this connection, and what its role may call */
SELECT
    {system_identifier}::pg_catalog.text,
    COALESCE(
        pg_catalog.host(pg_catalog.inet_server_addr()) || ' port ' || pg_catalog.inet_server_port(),
        'socket, port ' || pg_catalog.current_setting('port')
    ),
    pg_catalog.current_database()::pg_catalog.text,
    pg_catalog.to_char(
        pg_catalog.timezone('UTC', pg_catalog.pg_postmaster_start_time()), 'YYYY-MM-DD HH24:MI:SS.US'
    ) || ' UTC',
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'replica' ELSE 'primary' END,
    pg_catalog.current_setting('server_version'),
    current_user::pg_catalog.text,
    (SELECT pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE'))
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.proname = $1::pg_catalog.text),
    CASE WHEN $2::pg_catalog.text IS NOT NULL THEN pg_catalog.set_config('statement_timeout', $2, false) END
