"""The MQTT 3.1.1 transport, and the accounts of the Mosquitto broker."""
