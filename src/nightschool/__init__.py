"""A language model inside a larger machine that thinks, sleeps and sits exams."""
