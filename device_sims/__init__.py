"""Simulated devices over MQTT: recordings to replay, a reference device, and a fleet as a load."""
