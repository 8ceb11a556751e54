-- An event_id is drawn before its transaction commits, so with two writers a lower one may become visible after a higher
-- one, and a stream that had passed it would never tell it. Hence whoever is about to draw one says so first, by a shared
-- lock that ends with its transaction. It holds nobody up: nobody ever takes it exclusively. A reader that sees the lock
-- knows that ids below the newest may still be to come (rencheng/store/warnings/stream.py).
-- BEFORE the statement, because identity values are drawn row by row, after it.
CREATE FUNCTION announce_warning_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7766, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER warning_events_announced BEFORE INSERT ON warning_events
    FOR EACH STATEMENT EXECUTE FUNCTION announce_warning_events();

-- Told to those who listen when the transaction commits.
CREATE FUNCTION tell_warning_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_warnings', '');
    RETURN NULL;
END $$;
CREATE TRIGGER warning_events_told AFTER INSERT ON warning_events
    FOR EACH STATEMENT EXECUTE FUNCTION tell_warning_events();
