-- Who may do what: the roles Supabase creates, its row security, and its way to tell PostgREST of a migration.
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
ALTER ROLE authenticator SET statement_timeout = '8s';
ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';

-- The operator's own role, and the one that the management API runs read-only SQL with.
CREATE ROLE runbook LOGIN BYPASSRLS;
CREATE ROLE supabase_read_only_user LOGIN BYPASSRLS;
GRANT pg_monitor, pg_read_all_data TO runbook, supabase_read_only_user;
ALTER ROLE runbook SET default_transaction_read_only = on;
ALTER ROLE supabase_read_only_user SET default_transaction_read_only = on;

CREATE SCHEMA auth;
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE
    AS $$ SELECT nullif(nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub', '')::uuid $$;

GRANT USAGE ON SCHEMA public, extensions, auth TO anon, authenticated, service_role;
GRANT ALL ON ALL TABLES IN SCHEMA public TO anon, authenticated, service_role;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
CREATE POLICY "names are public" ON organizations FOR SELECT TO anon, authenticated USING (true);
CREATE POLICY "own membership" ON organization_members FOR SELECT TO authenticated USING (user_id = auth.uid());
CREATE POLICY "agents of own organizations" ON agents FOR SELECT TO authenticated
    USING (org_id IN (SELECT org_id FROM organization_members WHERE user_id = (SELECT auth.uid())));
CREATE POLICY "anyone may register" ON users FOR INSERT TO anon, authenticated WITH CHECK (true);
CREATE POLICY "own row" ON users FOR SELECT TO authenticated USING (id = auth.uid());
CREATE POLICY "own jobs" ON job_status FOR SELECT TO authenticated USING (user_id = auth.uid());

-- As on Supabase: whatever changes the schema makes PostgREST load it again.
CREATE FUNCTION extensions.pgrst_ddl_watch() RETURNS event_trigger LANGUAGE plpgsql
    AS $$ BEGIN NOTIFY pgrst, 'reload schema'; END $$;
CREATE EVENT TRIGGER pgrst_ddl_watch ON ddl_command_end EXECUTE FUNCTION extensions.pgrst_ddl_watch();
CREATE EVENT TRIGGER pgrst_drop_watch ON sql_drop EXECUTE FUNCTION extensions.pgrst_ddl_watch();
