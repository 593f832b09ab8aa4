"""Programs over lists and texts as generative models: a grammar, a search, a library that grows, a recogniser."""
