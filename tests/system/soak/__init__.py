"""Everything at once, for as long as one likes: streams of all kinds on a wire that misbehaves, seeded."""
