"""Criteria put before generators whose answer is known."""
