"""Identity's vocabulary: rows, rules and problems, without I/O."""
