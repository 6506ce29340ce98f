"""The shipped catalogue, as data: an agent in each file of agents/, plans.toml, subnucleos.toml; and what reads and loads it.

A vendor's own catalogue is a folder of the same shape.
"""
