"""Training, held-out and fresh points, and the injection of outliers and duplicates."""
