"""Runs of the firmware on the simulated bench: started, followed, accounted for, drawn."""
