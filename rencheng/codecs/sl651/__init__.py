"""The `sl651` codec: hydrological telemetry after SL 651-2014 (水文监测数据通信规约), HEX/BCD form, in MQTT payloads.

frames (bytes to reports) → body (a report to times and elements) → codec (readings); `write` encodes.
"""
