"""Figures of the outlier studies."""
