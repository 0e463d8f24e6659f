"""Fixed numbers of time and integer width that every room shares."""

MS_PER_MINUTE = 60_000
MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000

# A small int has 31 bits on the chips; anything larger is allocated on the heap.
SMALL_MAX = (1 << 30) - 1
