/* quarterdeck: one reading; the first row is the server, then a row for each session */
SELECT
    0 AS kind,
    pg_catalog.pg_postmaster_start_time(),
    NULL::pg_catalog.oid,
    NULL::pg_catalog.text,
    NULL::pg_catalog.inet,
    NULL::pg_catalog.oid,
    NULL::pg_catalog.text,
    pg_catalog.clock_timestamp(),
    {stats_reset}::pg_catalog.timestamptz,
    NULL::pg_catalog.timestamptz,
    NULL::pg_catalog.text,
    NULL::pg_catalog.text,
    NULL::pg_catalog.int4[],
    NULL::pg_catalog.xid,
    NULL::pg_catalog.xid,
    NULL::pg_catalog.bytea,
    pg_catalog.pg_is_in_recovery(),
    {counters}::pg_catalog.int8[]
WHERE ($1::pg_catalog.bool OR $2::pg_catalog.int4[] IS NOT NULL OR $3::pg_catalog.oid IS NOT NULL OR $4::pg_catalog.bool) IS NOT NULL
{sessions}
