"""Measuring with native/load: jobs, the processes that do them, the paths between. For demo and bench."""
