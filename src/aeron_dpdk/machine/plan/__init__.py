"""What to change: pure functions from facts and a request to changes."""
