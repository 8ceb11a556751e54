DROP TABLE person_sessions, person_logins, role_assignments;
