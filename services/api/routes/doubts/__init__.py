"""Doubts: what a gauge reports and nothing proves; read, and answered by people."""
