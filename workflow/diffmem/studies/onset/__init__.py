"""The onset of generalization in a linear model, after the third paper."""
