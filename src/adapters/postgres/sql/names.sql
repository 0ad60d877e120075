/* quarterdeck: names of roles and databases that were not met before */
SELECT true, r.oid, r.rolname FROM pg_catalog.pg_roles AS r WHERE r.oid = ANY ($1)
UNION ALL
SELECT false, d.oid, d.datname FROM pg_catalog.pg_database AS d WHERE d.oid = ANY ($2)
