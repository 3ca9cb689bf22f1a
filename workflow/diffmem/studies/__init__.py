"""From the numbers of single runs to the curves of a study, and the plan of what a study costs."""
