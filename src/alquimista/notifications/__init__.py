"""Notifications: mails to people, written in the transaction that causes them and delivered by a job.

Owns alquimista_platform.mails. Invariants: a mail exists exactly when its cause was committed; it is delivered at least
once, always with the same Message-ID; its body, which may hold a one-time link, is readable by the sign-in role only
and is emptied once the mail server took it.
"""
