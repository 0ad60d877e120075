/* quarterdeck: what the name of a leftover stands for now, and whether the leftover itself can be used */
SELECT pg_catalog.to_regclass($1)::pg_catalog.oid,
    (SELECT x.indisvalid FROM pg_catalog.pg_index AS x WHERE x.indexrelid = $2)
