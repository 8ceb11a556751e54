"""Readings: raw, history by time bucket, charging transactions."""
