/* quarterdeck: a session of its own that reads for long, or makes and drops a database */
SELECT
    pg_catalog.set_config('statement_timeout', $1, false),
    pg_catalog.set_config('lock_timeout', '60s', false),
    pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false),
    pg_catalog.set_config('row_security', 'off', false),
    pg_catalog.set_config('default_transaction_read_only', 'off', false)
