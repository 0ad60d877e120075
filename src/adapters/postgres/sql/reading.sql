/* quarterdeck: one reading: the server, the counters of the database, its sessions */
SELECT
    pg_catalog.pg_postmaster_start_time(),
    pg_catalog.clock_timestamp(),
    {stats_reset}::pg_catalog.timestamptz,
    pg_catalog.pg_is_in_recovery(),
    {counters}::pg_catalog.int8[],
    {sessions}
WHERE ($1::pg_catalog.bool OR $2::pg_catalog.int4[] IS NOT NULL OR $3::pg_catalog.oid IS NOT NULL OR $4::pg_catalog.bool
    OR $5::pg_catalog.timestamptz IS NOT NULL) IS NOT NULL
    {filter}
