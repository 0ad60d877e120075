/* quarterdeck: how many of these sessions are still as they were, or ($5) are there at all; one that cannot be seen counts
   as there */
SELECT pg_catalog.count(*)
FROM ROWS FROM (
    pg_catalog.unnest($1::pg_catalog.int4[]),
    pg_catalog.unnest($2::pg_catalog.timestamptz[]),
    pg_catalog.unnest($3::pg_catalog.text[]),
    pg_catalog.unnest($4::pg_catalog.timestamptz[])
) AS o (pid, backend_start, state, since)
JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = o.pid
WHERE s.backend_start IS NULL
    OR (s.backend_start = o.backend_start
        AND ($5 OR s.state IS NULL
            OR (s.state = o.state
                AND CASE WHEN s.state = 'active' THEN s.query_start ELSE s.state_change END = o.since)))
