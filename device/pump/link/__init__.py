"""The pump's voice to its programmer."""
