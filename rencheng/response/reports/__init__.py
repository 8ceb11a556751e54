"""Event reports 复盘: computed from rows alone."""
