"""The recordings that the benchmarks are run on; SOURCE.md says whence."""
