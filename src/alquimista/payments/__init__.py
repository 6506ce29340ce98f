"""Payments: the providers that collect a charge, and what they tell of it.

Invoices, amounts, due dates and reminders are ours (billing); a provider collects one charge that we describe and says
what became of it. No card number ever passes through here: only a provider's references to a customer and a method.
Invariants: a charge is collected once, however often it is asked for; what a provider says is never lost and its order
of arrival does not matter (models.merge).
"""
