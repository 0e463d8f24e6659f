"""The ports on real machines; the only room that imports machine, rp2, esp32 or time."""
