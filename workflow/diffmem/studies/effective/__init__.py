"""Effective model memorization, after the second paper."""
