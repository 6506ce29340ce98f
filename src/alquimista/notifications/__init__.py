"""Notifications: what people are told, in the pages and by mail, written in the transaction that causes it.

Owns alquimista_platform.mails, notifications, notification_preferences and notification_digests. Invariants: a mail
exists exactly when its cause was committed; it is delivered at least once, always with the same Message-ID; its body,
which may hold a one-time link, is readable by the sign-in role only and is emptied once the mail server took it. People
are told where they chose to be, and mails of sign-in always go. A person sees only their own, within a tenant too. What
waits for a digest goes into exactly one, and a person gets one a day at most.
"""
