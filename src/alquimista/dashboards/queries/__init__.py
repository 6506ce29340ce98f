"""The SQL of composed reads: each answer is one statement, so one round trip."""
