"""What every route shares: models, errors, headers, cursors, parameters."""
