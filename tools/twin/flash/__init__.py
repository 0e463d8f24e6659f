"""The flash of the bench: a NOR chip that is simulated, file systems on it, and its power being cut."""
