/* quarterdeck: takes the same locks so that other sessions of the same operator can have them too, and nobody else */
SELECT
    pg_catalog.pg_try_advisory_lock_shared($1, $2),
    CASE WHEN $3::pg_catalog.bool THEN pg_catalog.pg_try_advisory_lock_shared($1, 0) END
