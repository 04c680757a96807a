"""The operator's tools for use with a driver: setup, status, measurements and more."""
