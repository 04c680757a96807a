"""What is right and wrong with a host: pure functions from facts and intent to findings."""
