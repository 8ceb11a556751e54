-- Run by the database's image, as superuser, when its volume is new; run it again after an upgrade that adds a role
-- (docs/how-to/run-with-docker-compose.md). The superuser is for people; rencheng_owner owns the schema, migrates it and
-- runs the jobs; each service has a role of its own. Which tables a service may read and write is granted after each
-- migration: rencheng/store/access/grants.py.
\getenv owner_password RENCHENG_OWNER_PASSWORD
\getenv ingest_password RENCHENG_DATABASE_INGEST_PASSWORD
\getenv alerts_password RENCHENG_DATABASE_ALERTS_PASSWORD
\getenv api_password RENCHENG_DATABASE_API_PASSWORD
\getenv accounts_password RENCHENG_DATABASE_ACCOUNTS_PASSWORD
\getenv response_password RENCHENG_DATABASE_RESPONSE_PASSWORD
\getenv reader_password RENCHENG_DATABASE_READER_PASSWORD
SET password_encryption = 'scram-sha-256';
SELECT format('CREATE ROLE %I LOGIN', role)
FROM unnest(ARRAY['rencheng_owner', 'rencheng_ingest', 'rencheng_alerts', 'rencheng_api', 'rencheng_accounts',
    'rencheng_response', 'rencheng_reader']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE rencheng_owner PASSWORD :'owner_password';
ALTER ROLE rencheng_ingest PASSWORD :'ingest_password';
ALTER ROLE rencheng_alerts PASSWORD :'alerts_password';
ALTER ROLE rencheng_api PASSWORD :'api_password';
ALTER ROLE rencheng_accounts PASSWORD :'accounts_password';
ALTER ROLE rencheng_response PASSWORD :'response_password';
ALTER ROLE rencheng_reader PASSWORD :'reader_password';

-- Only a superuser can make it; the migrations find it made.
CREATE EXTENSION IF NOT EXISTS timescaledb;

ALTER DATABASE :"DBNAME" OWNER TO rencheng_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO rencheng_ingest, rencheng_alerts, rencheng_api, rencheng_accounts,
    rencheng_response, rencheng_reader;
-- Ingest and replays stage each batch in a temporary table.
GRANT TEMPORARY ON DATABASE :"DBNAME" TO rencheng_ingest, rencheng_api;

-- The role that all services shared before. Its privileges on tables are taken away by the next migration.
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE rencheng_owner REVOKE ALL ON %s FROM rencheng_services', objects)
FROM unnest(ARRAY['TABLES', 'SEQUENCES']) AS objects
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'rencheng_services') \gexec
SELECT format('ALTER ROLE rencheng_services NOLOGIN')
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'rencheng_services') \gexec
