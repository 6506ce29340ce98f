"""Operations: commands of the vendor's staff, and what becomes of each.

Owns alquimista_platform.operational_commands. Invariants: a command exists exactly with its job and its audit row; its
status moves only along models.commands.MOVES, which the database enforces; it has one end, which never changes; only
the try that holds its lease ends it; one that needs approval runs only after somebody else than its author agreed; a
worker that dies costs a try, never the command.
"""
