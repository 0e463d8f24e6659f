"""The host tool of the bench pump."""
