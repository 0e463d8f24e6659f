"""Raw sample in, decision out."""
