/* quarterdeck: what a backup of this database would have to read */
SELECT
    CASE WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT')
        THEN pg_catalog.pg_database_size(pg_catalog.current_database()) END,
    (SELECT pg_catalog.pg_encoding_to_char(d.encoding)::pg_catalog.text FROM pg_catalog.pg_database AS d
        WHERE d.datname = pg_catalog.current_database()),
    pg_catalog.count(*),
    pg_catalog.count(*) FILTER (WHERE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')),
    pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, c.relname))
        FILTER (WHERE NOT pg_catalog.has_table_privilege(c.oid, 'SELECT'))
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
