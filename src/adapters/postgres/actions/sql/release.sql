/* quarterdeck: gives the locks of this database's actions back, each where it is held */
SELECT
    CASE WHEN $3::pg_catalog.bool THEN pg_catalog.pg_advisory_unlock($1, $2) END,
    CASE WHEN $4::pg_catalog.bool THEN pg_catalog.pg_advisory_unlock($1, 0) END
