"""The tick, the loop, and the one owner of the pump's state."""
