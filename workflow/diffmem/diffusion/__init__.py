"""Networks, noise schedules, training of stacked replicates, samplers, and the closed-form optimum."""
