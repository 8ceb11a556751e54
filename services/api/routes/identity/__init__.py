"""Routes of identity: who asks, roles, sessions."""
