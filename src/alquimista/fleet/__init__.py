"""Running agents: their processes' signs of life, what they are told, and who is missed.

Owns alquimista_platform.agent_instances, agent_boots, agent_standings, agent_controls and fleet_watches. Invariants: an
agent's state is computed from what is stored and the time (models/states.py), never stored; a suspended agent's process
is refused, and nothing here revives it; a message is delivered until it is acknowledged or expires; a restart is over
only when the same process has shown another boot; an agent has at most one open incident, which its first sign of life
ends.
"""
