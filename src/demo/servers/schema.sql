-- The sample's tables, and enough rows that a scan can be felt.
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SET ROLE pggit;

CREATE TABLE webhooks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_delivery_at timestamptz
);

CREATE TABLE alerts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    severity text NOT NULL,
    repository text NOT NULL,
    status text NOT NULL DEFAULT 'open',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_alert_created ON alerts (created_at DESC);

CREATE TABLE alert_delivery_queue (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL,
    webhook_id bigint NOT NULL,
    delivery_status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);
CREATE INDEX idx_delivery_status ON alert_delivery_queue (delivery_status, created_at);

-- One row: while it is open, the worker delivers nothing.
CREATE TABLE delivery_circuit (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    open_until timestamptz NOT NULL DEFAULT '-infinity',
    reason text
);

CREATE TABLE commits (
    id bigint PRIMARY KEY,
    repository text NOT NULL,
    author text NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL
);

-- Costly on purpose: with its index a search takes a fraction of a millisecond, without it about a second.
CREATE FUNCTION content_fingerprint(message text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    digest text := message;
BEGIN
    FOR round IN 1..60 LOOP
        digest := pg_catalog.md5(digest);
    END LOOP;
    RETURN digest;
END
$$;

-- Stands for a look-up elsewhere that takes minutes, and no power from the machine.
CREATE FUNCTION owner_of(hook text) RETURNS text LANGUAGE plpgsql VOLATILE STRICT AS $$
BEGIN
    PERFORM pg_catalog.pg_sleep(600);
    RETURN 'owner of ' || hook;
END
$$;

INSERT INTO webhooks (name, url, status, is_active)
SELECT 'hook-' || n, 'http://127.0.0.1/hooks/' || n, CASE WHEN n % 7 = 0 THEN 'paused' ELSE 'active' END, n % 7 <> 0
FROM generate_series(1, 24) AS n;

INSERT INTO alerts (title, severity, repository, created_at)
SELECT 'divergent history in repository ' || n % 9,
       (ARRAY['INFO', 'WARNING', 'WARNING', 'CRITICAL'])[1 + n % 4],
       'repository-' || n % 9,
       now() - n * interval '7 minutes'
FROM generate_series(1, 300) AS n;

INSERT INTO alert_delivery_queue (alert_id, webhook_id, delivery_status, attempts, delivered_at)
SELECT n, 1 + n % 24, 'delivered', 1, now() FROM generate_series(1, 200) AS n;

INSERT INTO delivery_circuit DEFAULT VALUES;

INSERT INTO commits (id, repository, author, message, created_at)
SELECT n, 'repository-' || n % 9, 'author-' || n % 40, 'commit ' || n || ' ' || repeat(md5(n::text), 8),
       now() - n * interval '3 minutes'
FROM generate_series(1, 20000) AS n;
CREATE INDEX commits_repository_idx ON commits (repository, created_at DESC);

-- Before the costly index, whose expression it would compute once more for every row.
ANALYZE;
CREATE INDEX commits_fingerprint_idx ON commits (content_fingerprint(message));
RESET ROLE;
