/* quarterdeck: what one session runs or ran last, whole as far as the server keeps it, and by which number it is known */
SELECT
    pg_catalog.octet_length(s.query)::pg_catalog.int8,
    pg_catalog.substring(pg_catalog.textsend(s.query), 1, $3),
    (SELECT g.setting::pg_catalog.int8 FROM pg_catalog.pg_settings AS g WHERE g.name = 'track_activity_query_size'),
    {query_id},
    s.datid,
    s.backend_type IS NULL
FROM pg_catalog.pg_stat_get_activity($1) AS s
WHERE s.backend_start IS NULL OR (pg_catalog.date_part('epoch', s.backend_start) * 1000000)::pg_catalog.int8 = $2
LIMIT 1
