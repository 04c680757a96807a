"""Everything at once, for any length of time: streams of all kinds on an unreliable wire, by seed."""
