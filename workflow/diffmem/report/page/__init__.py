"""One page that shows a run: findings, claims, figures with captions, costs, configuration."""
