UNION ALL
SELECT
    0, 0, NULL, true, i.dealloc, 0,
    (EXTRACT(epoch FROM i.stats_reset) * 1000000)::pg_catalog.int8,
    0, 0, 0
FROM {schema}.pg_stat_statements_info AS i
