"""Warnings, their messages and their deliveries; silences, maintenance windows and notices."""
