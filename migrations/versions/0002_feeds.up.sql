-- An event_id is drawn before its transaction commits, so with two writers a lower id may become visible after a higher
-- one, and a stream that has passed it would never send it. Therefore each writer takes a shared lock before it draws an
-- id; the lock ends with the transaction. It never blocks, because no transaction takes it exclusively. A reader that
-- sees the lock knows that ids below the newest may still appear (rencheng/store/warnings/stream.py).
-- BEFORE the statement, because identity values are drawn row by row after it.
CREATE FUNCTION announce_warning_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7766, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER warning_events_announced BEFORE INSERT ON warning_events
    FOR EACH STATEMENT EXECUTE FUNCTION announce_warning_events();

-- Notify listeners when the transaction commits.
CREATE FUNCTION tell_warning_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_warnings', '');
    RETURN NULL;
END $$;
CREATE TRIGGER warning_events_told AFTER INSERT ON warning_events
    FOR EACH STATEMENT EXECUTE FUNCTION tell_warning_events();
