"""Plans: an accepted prescription as a program for a board, its refills and its preview."""
