/* quarterdeck: one statement, whole, and where the server cuts texts off */
SELECT
    pg_catalog.octet_length(s.query)::pg_catalog.int8,
    pg_catalog.substring(pg_catalog.textsend(s.query), 1, $5),
    (SELECT g.setting::pg_catalog.int8 FROM pg_catalog.pg_settings AS g WHERE g.name = 'track_activity_query_size')
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.dbid = $2 AND s.queryid = $3 AND ($1 = 0 OR s.userid = $1 AND {toplevel} = $4)
LIMIT 1
