"""What others build on Aeron, over our driver; fetched where it is needed."""
