-- What the worker reads and writes, in small form. Supabase keeps extensions in their own schema.
CREATE SCHEMA extensions;
CREATE EXTENSION pg_stat_statements SCHEMA extensions;
CREATE EXTENSION pgcrypto SCHEMA extensions;
ALTER DATABASE postgres SET search_path = public, extensions;

CREATE TABLE organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    name text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE organization_members (
    org_id uuid NOT NULL REFERENCES organizations (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL DEFAULT 'member',
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX organization_members_user ON organization_members (user_id);

CREATE TABLE agents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations (id),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE agent_conversations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations (id),
    title text NOT NULL
);

CREATE TABLE crm_connections (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations (id),
    provider text NOT NULL DEFAULT 'kommo',
    metadata jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE crm_credentials (
    connection_id uuid PRIMARY KEY REFERENCES crm_connections (id),
    provider text NOT NULL DEFAULT 'kommo',
    refresh_token text
);

CREATE TABLE crm_pipelines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES crm_connections (id),
    external_id text NOT NULL,
    name text NOT NULL,
    UNIQUE (connection_id, external_id)
);

CREATE TABLE crm_pipeline_stages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pipeline_id bigint NOT NULL REFERENCES crm_pipelines (id),
    name text NOT NULL
);

CREATE TABLE webhook_events (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations (id),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'retrying')),
    payload jsonb NOT NULL DEFAULT '{}',
    retry_count int NOT NULL DEFAULT 0,
    max_retries int NOT NULL DEFAULT 3,
    next_retry_at timestamptz,
    processing_started_at timestamptz,
    event_subtype text,
    entity_id text,
    entity_type text,
    execution_context jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_events_status ON webhook_events (status) WHERE status IN ('pending', 'retrying');
CREATE INDEX webhook_events_org_status ON webhook_events (org_id, status);
CREATE INDEX webhook_events_next_retry ON webhook_events (next_retry_at) WHERE next_retry_at IS NOT NULL;
CREATE INDEX webhook_events_entity ON webhook_events (entity_type, entity_id);
CREATE INDEX webhook_events_created ON webhook_events (created_at DESC);

CREATE TABLE usage_daily (
    org_id uuid NOT NULL REFERENCES organizations (id),
    day date NOT NULL,
    messages int NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, day)
);

CREATE TABLE subscriptions (
    org_id uuid PRIMARY KEY REFERENCES organizations (id),
    plan text NOT NULL DEFAULT 'pro'
);

CREATE TABLE job_status (
    id text PRIMARY KEY,
    type text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
    user_id uuid,
    organization_id uuid,
    payload jsonb,
    progress int NOT NULL DEFAULT 0,
    result jsonb,
    error text,
    duration int,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
    failed_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_status_user ON job_status (user_id);
CREATE INDEX job_status_organization ON job_status (organization_id);
CREATE INDEX job_status_type ON job_status (type);
CREATE INDEX job_status_status ON job_status (status);
CREATE INDEX job_status_created ON job_status (created_at DESC);

CREATE TABLE agent_assets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id uuid NOT NULL REFERENCES agents (id),
    file_name text NOT NULL,
    status text NOT NULL DEFAULT 'pending'
);

CREATE TABLE knowledge_chunks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    content text NOT NULL
);

CREATE TABLE knowledge_graph_entities (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations (id),
    agent_id uuid NOT NULL REFERENCES agents (id),
    name text NOT NULL
);

CREATE TABLE knowledge_graph_relationships (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations (id),
    source_id bigint,
    target_id bigint,
    kind text NOT NULL
);
CREATE INDEX knowledge_graph_relationships_source ON knowledge_graph_relationships (source_id);

-- What the REST API cannot say in one request.
CREATE FUNCTION count_message(organization uuid) RETURNS void LANGUAGE sql
    AS $$ INSERT INTO usage_daily (org_id, day, messages) VALUES (organization, current_date, 1)
          ON CONFLICT (org_id, day) DO UPDATE SET messages = usage_daily.messages + 1 $$;
CREATE FUNCTION knowledge_density(organization uuid) RETURNS numeric LANGUAGE sql STABLE
    AS $$ SELECT avg((SELECT count(*) FROM knowledge_graph_relationships r WHERE r.source_id = e.id))
          FROM knowledge_graph_entities e WHERE e.org_id = organization $$;

-- The customers, each with one Kommo account. Ids are computed, so that the producer knows them without asking.
CREATE FUNCTION numbered(kind text, n int) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT md5(kind || ':' || n)::uuid $$;

INSERT INTO organizations (id, name)
    SELECT numbered('organization', n), 'Customer ' || n FROM generate_series(1, 20) n;
INSERT INTO users (id, email, name)
    SELECT numbered('user', n), 'user' || n || '@customer' || 1 + (n - 1) % 20 || '.example', 'User ' || n
    FROM generate_series(1, 60) n;
INSERT INTO organization_members (org_id, user_id)
    SELECT numbered('organization', 1 + (n - 1) % 20), numbered('user', n) FROM generate_series(1, 60) n;
INSERT INTO agents (id, org_id, name)
    SELECT numbered('agent', n), numbered('organization', 1 + (n - 1) % 20), 'Agent ' || n
    FROM generate_series(1, 40) n;
INSERT INTO subscriptions (org_id) SELECT id FROM organizations;
INSERT INTO crm_connections (id, org_id)
    SELECT numbered('connection', n), numbered('organization', 1 + (n - 1) % 20) FROM generate_series(1, 1000) n;
INSERT INTO crm_credentials (connection_id, refresh_token) SELECT id, md5('kommo:' || org_id) FROM crm_connections;
INSERT INTO knowledge_chunks (org_id, agent_id, content)
    SELECT org_id, id, 'What ' || name || ' knows, part ' || part FROM agents, generate_series(1, 5) part;
ANALYZE;
