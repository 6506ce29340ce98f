"""The only SQL of running agents: signs of life (beats), messages (controls), what people see (reading), watching."""
