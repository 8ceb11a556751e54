"""The HTTP API: request → key and scopes → route → query → rows → JSON.

Read in this order: `app` (routes and their scopes), `auth.authenticator`, `deps`, `routes`, `http`.
"""
