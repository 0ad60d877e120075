/* quarterdeck: gives the lock of this database's actions back */
SELECT pg_catalog.pg_advisory_unlock($1, $2)
