/* quarterdeck: whether a scratch database can be made here, and what earlier ones were left */
SELECT r.rolcreatedb OR r.rolsuper,
    ARRAY(SELECT d.datname::pg_catalog.text FROM pg_catalog.pg_database AS d
        WHERE pg_catalog.starts_with(d.datname::pg_catalog.text, $1) ORDER BY 1 LIMIT 10)
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = current_user
