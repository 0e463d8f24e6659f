"""What outlives a moment: the journal of events."""
