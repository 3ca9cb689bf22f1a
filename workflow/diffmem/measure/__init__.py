"""Neighbours, criteria, chance levels and intervals: from samples to numbers."""
