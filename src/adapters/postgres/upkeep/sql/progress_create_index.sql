/* quarterdeck: how far it is, and who keeps it waiting */
SELECT p.phase, p.blocks_done, p.blocks_total, pg_catalog.pg_blocking_pids($1)
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_stat_progress_create_index AS p ON p.pid = $1
