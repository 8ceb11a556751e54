"""Shared by all routes: models, errors, headers, cursors, request ids."""
