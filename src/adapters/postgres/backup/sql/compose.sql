/* quarterdeck: a scratch database, composed and quoted by the server */
SELECT
    pg_catalog.format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE ''C'' LC_CTYPE ''C''', $1::pg_catalog.text, $2::pg_catalog.text),
    pg_catalog.format('DROP DATABASE IF EXISTS %I', $1::pg_catalog.text)
        || CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 130000
            THEN ' WITH (FORCE)' ELSE '' END
