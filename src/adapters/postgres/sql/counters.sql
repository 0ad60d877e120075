ARRAY[
    pg_catalog.pg_stat_get_db_xact_commit($3),
    pg_catalog.pg_stat_get_db_xact_rollback($3),
    pg_catalog.pg_stat_get_db_blocks_hit($3),
    pg_catalog.pg_stat_get_db_blocks_fetched($3),
    pg_catalog.pg_stat_get_db_deadlocks($3),
    pg_catalog.pg_stat_get_db_temp_bytes($3),
    CASE WHEN $1 THEN pg_catalog.pg_database_size($3) END
]
