DROP TRIGGER notices_queued ON notices;
DROP TRIGGER deliveries_released ON deliveries;
DROP TRIGGER deliveries_queued ON deliveries;
DROP FUNCTION queue_notice(), queue_warning_event();
DROP TABLE undispatched, receipts, attempts, dispatches, contact_secrets, contact_methods, subscribers;
