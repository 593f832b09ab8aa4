"""Ways to look at an exam beyond its accuracies, one in each file; see `exam.analysis` for what they share."""
