"""Noise schedules, denoisers, stacked training and samplers."""
