"""What a fleet manager sees of a unit: topics, payloads, and the bridge from events to a broker."""
