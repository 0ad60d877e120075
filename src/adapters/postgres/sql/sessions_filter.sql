AND s.pid <> pg_catalog.pg_backend_pid()
    AND (s.backend_type = 'client backend'
        OR (s.backend_type IS NULL AND s.usesysid IS NOT NULL AND s.datid IS NOT NULL))
