"""From a decided message to its receiver: recorded in the database, relayed to MQTT until it is acknowledged."""
