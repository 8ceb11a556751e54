"""What every load test needs: senders in processes of their own, raw MQTT connections, and memory of a process tree."""
