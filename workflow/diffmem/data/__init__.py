"""Training sets, held-out sets and fresh points, with what was injected into them."""
