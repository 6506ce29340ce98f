"""Billing: plans, add-ons and SubNúcleos of the catalogue, and what tenants buy of them.

Owns public.subscription_plans, subscription_addons, subnucleos, subnucleo_agents (the catalogue: read by all, written
in transactions of the platform tenant). Invariants: a version of a plan or add-on is never changed, only ended when the
next one begins; of each name one version is on sale at a time. Money is whole cents beside its currency.
"""
