DROP TABLE gateways;
DROP FUNCTION tell_gateways_changed;
