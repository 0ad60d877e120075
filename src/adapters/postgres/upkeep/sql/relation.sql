/* quarterdeck: what a name stands for, and how it is kept; takes no lock of it */
SELECT
    c.oid,
    c.relkind::pg_catalog.text,
    pg_catalog.format('%I.%I', n.nspname, c.relname),
    t.oid,
    pg_catalog.format('%I.%I', tn.nspname, t.relname),
    CASE $2::pg_catalog.text
        WHEN 'analyse' THEN pg_catalog.format('ANALYZE %I.%I', n.nspname, c.relname)
        WHEN 'vacuum' THEN pg_catalog.format('VACUUM %I.%I', n.nspname, c.relname)
        WHEN 'vacuum-analyse' THEN pg_catalog.format('VACUUM (ANALYZE) %I.%I', n.nspname, c.relname)
        WHEN 'reindex' THEN pg_catalog.format(
            'REINDEX %s CONCURRENTLY %I.%I', CASE c.relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, n.nspname, c.relname
        )
        WHEN 'drop-leftover' THEN pg_catalog.format('DROP INDEX %I.%I', n.nspname, c.relname)
    END,
    pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text,
    pg_catalog.pg_has_role(c.relowner, 'USAGE')
        OR ($2 IN ('analyse', 'vacuum', 'vacuum-analyse')
            AND (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') FROM pg_catalog.pg_database AS d
                 WHERE d.datname = pg_catalog.current_database()))
        OR ($2 <> 'drop-leftover' AND {maintain}),
    (SELECT pg_catalog.sum(p.relpages::pg_catalog.int8)::pg_catalog.int8
        * pg_catalog.current_setting('block_size')::pg_catalog.int8
        FROM pg_catalog.pg_class AS p
        WHERE p.oid = c.oid
            OR (x.indexrelid IS NULL AND (p.oid = c.reltoastrelid
                OR p.oid IN (SELECT i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid)))),
    s.n_live_tup,
    s.n_dead_tup,
    s.last_vacuum,
    s.last_autovacuum,
    s.last_analyze,
    s.last_autoanalyze,
    x.indisvalid,
    ARRAY(
        SELECT pg_catalog.pg_relation_filenode(i.indexrelid)::pg_catalog.int8
        FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = t.oid AND i.indisvalid AND (x.indexrelid IS NULL OR i.indexrelid = c.oid)
        ORDER BY 1 LIMIT 1000
    ),
    ARRAY(
        SELECT pg_catalog.format('%I.%I', k.nspname, l.relname)
        FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS l ON l.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace AS k ON k.oid = l.relnamespace
        WHERE i.indrelid IN (t.oid, t.reltoastrelid) AND NOT i.indisvalid AND l.relname ~ '_cc(new|old)[0-9]*$'
        ORDER BY 1 LIMIT 20
    ),
    c.relname ~ '_cc(new|old)[0-9]*$',
    CASE
        WHEN $2 <> 'drop-leftover' OR x.indexrelid IS NULL THEN NULL
        WHEN t.relkind = 'r' THEN pg_catalog.format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE', tn.nspname, t.relname)
        WHEN t.relkind = 'm' THEN pg_catalog.format('ANALYZE %I.%I', tn.nspname, t.relname)
        WHEN t.relkind = 't' THEN (
            SELECT pg_catalog.format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE', mn.nspname, m.relname)
            FROM pg_catalog.pg_class AS m
            JOIN pg_catalog.pg_namespace AS mn ON mn.oid = m.relnamespace
            WHERE m.reltoastrelid = t.oid AND m.relkind = 'r'
        )
    END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(x.indrelid, c.oid)
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = t.oid
WHERE c.oid = pg_catalog.to_regclass($1)
