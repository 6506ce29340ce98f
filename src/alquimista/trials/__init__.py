"""Trials: a person tries an agent or a SubNúcleo for a day or five messages, whichever ends first.

Owns public.trials. Invariants: one trial for each person of a company and target, which never starts again; a message
is taken by one conditional update, committed before the model is asked, and given back when the model fails, so that no
more than `max_usage` are ever answered; no answer that is not metered leaves the platform, and none is made up.
"""
