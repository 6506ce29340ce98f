"""The vocabulary of billing: the catalogue's plans, add-ons and SubNúcleos."""
