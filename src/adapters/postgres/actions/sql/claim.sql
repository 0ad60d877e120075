/* quarterdeck: takes the lock of this database's actions, and ($3) that of the whole server's; or tells that another has it.
   Meanwhile the session bears the name ($4) of whoever wants it, and since when */
SELECT
    pg_catalog.pg_try_advisory_lock($1, $2),
    CASE WHEN $3::pg_catalog.bool THEN pg_catalog.pg_try_advisory_lock($1, 0) END,
    CASE WHEN $4::pg_catalog.text IS NOT NULL THEN pg_catalog.set_config(
        'application_name',
        $5::pg_catalog.text || ' ' || pg_catalog.to_char(
            pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()), 'HH24:MI:SS"Z "'
        ) || $4,
        false
    ) END
