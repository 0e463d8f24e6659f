"""Boards: what a bench is made of, its wiring, and the constants its firmware is built with."""
