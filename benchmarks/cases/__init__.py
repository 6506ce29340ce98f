"""The benchmarks, each with its question, its peers and its bar."""
