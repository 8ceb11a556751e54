DROP INDEX warnings_open;
DROP TABLE answer_links, acknowledgements, call_events, calls;
