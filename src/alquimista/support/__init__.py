"""Support: tickets that a tenant opens and staff answer.

Owns alquimista_platform.tickets and ticket_messages. Invariants: a tenant's tickets are numbered without gaps; messages
never change; a note among staff is out of the app role's sight, so that no request of a tenant can read it; whoever
writes moves the ticket to the other side, in the transaction of the message. See docs/incidents.md.
"""
