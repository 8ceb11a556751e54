"""Walk 3, a question: HTTP request → who is asking → query → rows → JSON.

Read in this order: `app` (what there is, and which scope each part needs), `access`, `deps`, `routes`, `errors`.
"""
