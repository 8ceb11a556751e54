"""Commands to devices, the devices that take them, and what these reported."""
