"""Nearest training and held-out locations: exact and approximate searches, their recall, and the neighbour table."""
