"""States of running agents (states), what they are told (controls), and when one is missed (watching)."""
