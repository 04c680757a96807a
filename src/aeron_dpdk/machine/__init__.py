"""The host: what it has, as facts. Every reader takes the root of the tree it reads, for tests."""
