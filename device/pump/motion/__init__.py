"""From granted microsteps to confirmed ones: geometry, burst shaping, commanded versus confirmed."""
