/* quarterdeck: a session of its own for one statement, with its time-outs */
SELECT pg_catalog.pg_backend_pid(),
    pg_catalog.set_config('default_transaction_read_only', 'off', false),
    pg_catalog.set_config('statement_timeout', $1, false),
    pg_catalog.set_config('lock_timeout', $2, false)
