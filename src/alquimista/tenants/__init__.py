"""Tenants: the customer companies.

Owns alquimista_platform.tenants. Invariants: the row-level-security policy is on `id`; CNPJ is unique and valid; the
time zone's offset is a whole number of hours, since usage is kept in hourly UTC buckets; limits and status are stored
here so that lower rooms can read what upper rooms (billing) set. One reserved row, the platform tenant, carries the
rows that belong to nobody and is left out of every list and figure.
"""
