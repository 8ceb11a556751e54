"""Store warnings with their deliveries in one transaction, then relay them to MQTT."""
