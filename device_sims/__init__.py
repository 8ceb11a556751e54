"""A small city that publishes MQTT: recordings replayed, and devices that behave like the real ones."""
