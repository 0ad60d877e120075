/* quarterdeck: how far it is, and who keeps it waiting */
SELECT p.phase, p.heap_blks_scanned, p.heap_blks_total, pg_catalog.pg_blocking_pids($1)
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_stat_progress_vacuum AS p ON p.pid = $1
