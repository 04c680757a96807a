"""What to change: pure functions from facts and wishes to changes."""
