"""What power cuts do to the pump: stories that are cut everywhere, months of cuts, and what memory wears."""
