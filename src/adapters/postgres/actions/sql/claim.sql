/* quarterdeck: takes the lock of this database's actions, and ($3) that of the whole server's; or tells that another has it */
SELECT
    pg_catalog.pg_try_advisory_lock($1, $2),
    CASE WHEN $3::pg_catalog.bool THEN pg_catalog.pg_try_advisory_lock($1, 0) END
