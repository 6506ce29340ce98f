"""The only SQL on the tables of usage: writing, folding, correcting, reporting, upkeep."""
