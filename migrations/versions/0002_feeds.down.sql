DROP TRIGGER warning_events_told ON warning_events;
DROP TRIGGER warning_events_announced ON warning_events;
DROP FUNCTION tell_warning_events();
DROP FUNCTION announce_warning_events();
