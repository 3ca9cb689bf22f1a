"""Criteria of memorization, their chance levels and intervals: arithmetic on arrays, which are not checked.

To audit samples, call ``diffmem.audit``: it compares units, columns and rows of the sets before it measures anything.
"""
