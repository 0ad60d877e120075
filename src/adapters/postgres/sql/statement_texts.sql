/* quarterdeck: texts of a few statements */
SELECT s.userid, s.dbid, s.queryid, {toplevel}, pg_catalog.substring(pg_catalog.textsend(s.query), 1, 8192)
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.queryid = ANY ($1)
LIMIT 500
