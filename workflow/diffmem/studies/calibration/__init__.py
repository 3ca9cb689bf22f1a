"""Calibration of the criteria on generators whose answer is known."""
