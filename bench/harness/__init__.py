"""What the benchmarks share: workers that take turns, data sets, truth, tables and pictures."""
