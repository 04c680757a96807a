"""Programs that others build on Aeron, over our driver; each is fetched when a test needs it."""
