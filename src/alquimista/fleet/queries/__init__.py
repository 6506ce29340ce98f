"""The only SQL of running agents: signs of life (beats), messages (controls), and who is missed (watching)."""
