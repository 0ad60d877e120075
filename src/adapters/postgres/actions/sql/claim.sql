/* quarterdeck: takes the lock of this database's actions, or tells that another has it */
SELECT pg_catalog.pg_try_advisory_lock($1, $2)
