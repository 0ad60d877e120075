/* quarterdeck: counters of all statements, without their texts */
(SELECT
    s.userid, s.dbid, s.queryid, {toplevel}, s.calls, {total_time}, s.rows,
    s.shared_blks_hit, s.shared_blks_read, s.temp_blks_written
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.queryid IS NOT NULL
LIMIT 20000)
{info}
