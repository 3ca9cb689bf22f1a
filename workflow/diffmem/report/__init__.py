"""Figures. They draw what the studies computed and compute nothing themselves."""
