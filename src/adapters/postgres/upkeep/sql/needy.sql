/* quarterdeck: the tables with the most dead rows */
SELECT pg_catalog.format('%I.%I', s.schemaname, s.relname), s.n_dead_tup
FROM pg_catalog.pg_stat_user_tables AS s
WHERE s.n_dead_tup > 0
ORDER BY s.n_dead_tup DESC
LIMIT 3
