"""The outer forms of a warning: sentences for people, CAP 1.2 for dispatch systems, JSON for MQTT and the API; pure."""
