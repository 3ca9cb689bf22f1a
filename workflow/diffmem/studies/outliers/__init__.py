"""Which points are memorized when, after the first paper."""
