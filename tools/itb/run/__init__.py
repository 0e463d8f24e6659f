"""`itb run`: a story given to the simulated bench, shown while it goes on, and told of afterwards."""
