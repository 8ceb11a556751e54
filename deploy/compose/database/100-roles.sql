-- Run once by the database's image, as superuser, when its volume is new. Three roles, each no wider than its task:
-- the superuser is for people; rencheng_owner owns the schema and migrates it; the services write rows and no more.
\getenv owner_password RENCHENG_OWNER_PASSWORD
\getenv services_password RENCHENG_SERVICES_PASSWORD
SET password_encryption = 'scram-sha-256';
CREATE ROLE rencheng_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE rencheng_services LOGIN PASSWORD :'services_password';

-- Only a superuser can make it; the migrations find it made.
CREATE EXTENSION IF NOT EXISTS timescaledb;

ALTER DATABASE :"DBNAME" OWNER TO rencheng_owner;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
-- TEMPORARY: ingest stages each batch in a temporary table.
GRANT CONNECT, TEMPORARY ON DATABASE :"DBNAME" TO rencheng_services;

-- What the migrations will make. A chunk inherits the rights of its hypertable.
ALTER DEFAULT PRIVILEGES FOR ROLE rencheng_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rencheng_services;
ALTER DEFAULT PRIVILEGES FOR ROLE rencheng_owner GRANT USAGE, SELECT ON SEQUENCES TO rencheng_services;
