/* quarterdeck: who keeps it waiting, where the server tells nothing of its progress */
SELECT NULL::pg_catalog.text, NULL::pg_catalog.int8, NULL::pg_catalog.int8, pg_catalog.pg_blocking_pids($1)
