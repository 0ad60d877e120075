/* quarterdeck: which sessions an action would touch, which it leaves alone and why, and who waits for whom; reads only */
WITH RECURSIVE a AS MATERIALIZED (
    SELECT
        s.pid, s.backend_start, s.usesysid, s.application_name, s.client_addr, s.datid, s.state, s.state_change,
        s.query_start, s.xact_start, s.wait_event_type, s.backend_type, r.rolname, r.rolsuper, b.datname,
        pg_catalog.substring(pg_catalog.textsend(s.query), 1, 512) AS query,
        CASE WHEN s.state = 'active' THEN s.query_start ELSE s.state_change END AS since,
        CASE WHEN s.pid <> pg_catalog.pg_backend_pid()
            THEN GREATEST(pg_catalog.age(s.backend_xid), pg_catalog.age(s.backend_xmin)) END AS behind
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.usesysid
    LEFT JOIN pg_catalog.pg_database AS b ON b.oid = s.datid
),
q AS MATERIALIZED (
    SELECT DISTINCT l.pid FROM pg_catalog.pg_locks AS l WHERE NOT l.granted AND l.pid IS NOT NULL LIMIT $17::pg_catalog.int8
),
up (pid, blockers) AS (
    SELECT q.pid, pg_catalog.pg_blocking_pids(q.pid) FROM q
    UNION
    SELECT d.pid, pg_catalog.pg_blocking_pids(d.pid)
    FROM (
        SELECT DISTINCT b.pid
        FROM up CROSS JOIN LATERAL pg_catalog.unnest(up.blockers) AS b (pid)
        WHERE b.pid <> 0 AND b.pid <> ALL (ARRAY(SELECT q.pid FROM q))
    ) AS d
),
w AS MATERIALIZED (
    SELECT up.pid, up.blockers FROM up LIMIT 2 * $17
),
c AS MATERIALIZED (
    SELECT
        a.*,
        a.behind = pg_catalog.max(a.behind) OVER (PARTITION BY a.datid) AS oldest,
        CASE
            WHEN $1::pg_catalog.int4 IS NOT NULL
                AND (a.pid <> $1 OR a.backend_start <> $2::pg_catalog.timestamptz) THEN 'other'
            WHEN $5::pg_catalog.bool AND (
                a.pid <> ALL (ARRAY(SELECT pg_catalog.unnest(w.blockers) FROM w))
                OR a.pid = ANY (ARRAY(SELECT w.pid FROM w WHERE w.blockers <> '{}'))
            ) THEN 'other'
            WHEN a.backend_type = 'walsender' THEN 'replication'
            WHEN a.backend_type <> 'client backend'
                OR (a.backend_type IS NULL AND (a.usesysid IS NULL OR a.datid IS NULL)) THEN 'background'
            WHEN a.pid = pg_catalog.pg_backend_pid()
                OR pg_catalog.split_part(a.application_name, ' ', 1) = $6::pg_catalog.text THEN 'ours'
            WHEN $3::pg_catalog.text IS NOT NULL AND a.rolname::pg_catalog.text IS DISTINCT FROM $3 THEN 'other user'
            WHEN $4::pg_catalog.text[] IS NOT NULL AND NOT COALESCE(a.application_name = ANY ($4), false)
                THEN 'other application'
            WHEN a.state <> 'disabled' AND NOT a.state = ANY ($7::pg_catalog.text[]) THEN 'state'
            WHEN a.datid IS DISTINCT FROM $8::pg_catalog.oid AND $8 IS NOT NULL THEN 'database'
            WHEN $16::pg_catalog.text IS NOT NULL AND a.datname::pg_catalog.text IS DISTINCT FROM $16 THEN 'database'
            WHEN a.rolsuper THEN 'superuser'
            WHEN a.rolname::pg_catalog.text = ANY ($9::pg_catalog.text[]) THEN 'user'
            WHEN a.application_name = ANY ($10::pg_catalog.text[]) THEN 'application'
            WHEN a.backend_type IS NULL THEN 'hidden'
            WHEN a.rolsuper IS NULL OR a.state IS NULL OR a.state = 'disabled' OR a.since IS NULL
                OR a.backend_start IS NULL THEN 'untracked'
            WHEN a.since > pg_catalog.clock_timestamp()
                - pg_catalog.make_interval(secs => $11::pg_catalog.float8) THEN 'younger'
            WHEN NOT (pg_catalog.pg_has_role(a.usesysid, 'USAGE') OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))
                THEN 'right'
            WHEN $12::pg_catalog.bool AND a.state NOT IN ('active', 'fastpath function call') THEN 'resting'
            ELSE 'fits'
        END AS class
    FROM a
),
held AS MATERIALIZED (
    SELECT
        l.pid,
        pg_catalog.count(*) AS locks,
        pg_catalog.string_agg(DISTINCT r.relname::pg_catalog.text || ' ' || l.mode, ', ')
            FILTER (WHERE l.mode NOT IN ('AccessShareLock', 'RowShareLock')) AS strong
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_class AS r
        ON r.oid = l.relation AND l.locktype = 'relation' AND l.database = $14::pg_catalog.oid AND r.relkind <> 'i'
    WHERE l.granted AND l.locktype NOT IN ('virtualxid', 'transactionid') AND $15::pg_catalog.bool
    GROUP BY l.pid
)
(SELECT
    'session', NULL::pg_catalog.int8, o.pid, o.backend_start, o.rolname::pg_catalog.text, o.application_name,
    o.client_addr, CASE WHEN o.datid <> $14 THEN o.datname::pg_catalog.text END, o.state, o.since, o.xact_start,
    o.query, COALESCE(o.oldest, false), NULL::pg_catalog.int4[], held.locks, held.strong, pg_catalog.clock_timestamp()
FROM c AS o
LEFT JOIN held ON held.pid = o.pid
WHERE o.class = 'fits' AND ($18::pg_catalog.int4[] IS NULL OR o.pid = ANY ($18))
ORDER BY o.since, o.pid
LIMIT $13::pg_catalog.int8)
UNION ALL
SELECT
    c.class, pg_catalog.count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false,
    (pg_catalog.array_agg(c.pid ORDER BY c.pid))[1:8], NULL, NULL, NULL
FROM c WHERE c.class <> 'other' GROUP BY c.class
UNION ALL
SELECT 'waiter', NULL, w.pid, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, w.blockers, NULL, NULL, NULL
FROM w WHERE w.blockers <> '{}'
UNION ALL
SELECT 'asked', pg_catalog.count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, NULL
FROM q
