"""What the benchmarks' databases hold."""
