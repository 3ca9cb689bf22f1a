"""The three papers' definitions of memorization, beside each other on the same runs."""
