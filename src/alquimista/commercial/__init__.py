"""Commercial: what strangers ask the sales team for, and how far the team is with it.

Owns public.commercial_requests. Invariants: a request stays as it was sent, only its status moves, and only along
models.MOVES; a stranger's request belongs to the platform tenant; its mail is committed together with it.
"""
