"""The register of devices, gateways and sites, and their status now."""
