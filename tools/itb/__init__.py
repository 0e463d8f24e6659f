"""The host tool of the bench pump."""

BENCH_ONLY = "Bench demonstrator, for water and dye; never for a person or an animal."
