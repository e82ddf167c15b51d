"""The allow-list: every SQL statement that a diagnosis may send, by name. All read, none takes a value."""

from __future__ import annotations

SERVER = """
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0),
       pg_is_in_recovery(),
       (SELECT setting = 'on' AND source <> 'user' FROM pg_settings WHERE name = 'default_transaction_read_only')
         OR EXISTS (SELECT 1 FROM pg_db_role_setting WHERE 'default_transaction_read_only=on' = ANY (setconfig)
                    AND (setrole = 0 OR setrole::regrole::text IN ('authenticator', 'postgres')))"""
"""Limits and modes. That the role we use may only read says nothing about the platform's."""

SESSIONS = """
SELECT coalesce(application_name, ''), coalesce(state, ''), count(*)::int,
       coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)::float8
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50"""

RUNNING = """
SELECT pid, coalesce(application_name, ''), extract(epoch FROM clock_timestamp() - query_start)::float8,
       coalesce(wait_event_type, '') = 'Lock', left(query, 600)
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state = 'active'
  AND clock_timestamp() - query_start > interval '1 second'
ORDER BY 3 DESC LIMIT 20"""

BLOCKED = """
SELECT w.pid, coalesce(w.application_name, ''), extract(epoch FROM clock_timestamp() - w.query_start)::float8,
       coalesce((SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                 WHERE l.pid = w.pid ORDER BY l.granted, l.locktype = 'tuple' DESC LIMIT 1), ''),
       left(w.query, 600), b.pid, coalesce(b.application_name, ''), coalesce(b.state, ''),
       extract(epoch FROM clock_timestamp() - b.xact_start)::float8, left(b.query, 600),
       coalesce(b.wait_event_type, '') = 'Lock'
FROM pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocking (pid)
JOIN pg_stat_activity b ON b.pid = blocking.pid
WHERE w.wait_event_type = 'Lock' AND w.backend_type = 'client backend'
ORDER BY 3 DESC LIMIT 50"""

OLDEST = """
SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8, coalesce(application_name, '')
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start LIMIT 1"""

REPLICAS = """
SELECT coalesce(application_name, ''), coalesce(state, ''),
       (CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END)::float8,
       extract(epoch FROM replay_lag)::float8
FROM pg_stat_replication LIMIT 20"""

EXTENSION = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'pg_stat_statements'"
"""Where pg_stat_statements lives: `extensions` on Supabase, often `public` elsewhere."""

STATEMENTS = """
SELECT queryid::text, calls::bigint, mean_exec_time, max_exec_time, total_exec_time, left(query, 600)
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid IS NOT NULL
ORDER BY total_exec_time DESC LIMIT 40"""
"""`{schema}` is what EXTENSION told, quoted as an identifier."""

SIZE = "SELECT pg_database_size(current_database())::bigint"

TABLES = """
SELECT c.relname,
       (SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
       CASE WHEN c.relkind = 'v' THEN 0 ELSE pg_total_relation_size(c.oid) END::bigint,
       c.reltuples::float8, coalesce(s.seq_scan, 0)::bigint, coalesce(s.idx_scan, 0)::bigint,
       c.relrowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)::int,
       (SELECT has_table_privilege(r.oid, c.oid, 'SELECT') AND has_table_privilege(r.oid, c.oid, 'INSERT')
        FROM pg_roles r WHERE r.rolname = 'service_role'),
       (SELECT has_table_privilege(r.oid, c.oid, 'SELECT') FROM pg_roles r WHERE r.rolname = 'anon')
FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
ORDER BY 3 DESC, 1 LIMIT 200"""

UNUSED_INDEXES = """
SELECT s.relname || '.' || s.indexrelname, pg_relation_size(s.indexrelid)::bigint
FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
WHERE s.idx_scan = 0 AND NOT i.indisunique AND s.schemaname = 'public'
ORDER BY 2 DESC, 1 LIMIT 50"""

UNINDEXED_KEYS = """
SELECT c.conrelid::regclass::text || '.' || c.conname
FROM pg_constraint c
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid
                  AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
ORDER BY 1 LIMIT 50"""

ACTIVITY = (SERVER, SESSIONS, RUNNING, BLOCKED, OLDEST, REPLICAS)
SCHEMA = (SIZE, TABLES, UNUSED_INDEXES, UNINDEXED_KEYS)
PERMITTED = frozenset((*ACTIVITY, EXTENSION, STATEMENTS, *SCHEMA))
"""Whatever is not here is refused before it is sent."""
