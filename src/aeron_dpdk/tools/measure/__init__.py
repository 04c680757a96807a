"""Measuring with native/load, for demo, ping and pong: jobs, the processes that run them, their results."""
