"""Approvals: acts that wait for one or two other people to agree.

Owns alquimista_platform.approval_requests, approval_decisions and approval_notices. Invariants, which the database
holds by itself: nobody decides on a request of their own, nor twice; a request is approved only by as many people as it
asks for, and against nobody's refusal; it is closed once, and never changes after. A room that waits for a request acts
on its end in the same transaction (`Reactions`), so that no end is ever lost. What is asked of staff is hidden from the
tenant.
"""
