"""The shipped catalogue, as data: a file for each agent in agents/, plans.toml, subnucleos.toml; and what loads it.

A vendor's own catalogue is a folder of the same shape.
"""
