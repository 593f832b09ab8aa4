"""Generative models that compose, contradict and compete. Not built yet: this package holds no code.

Concepts as generative models, factor graphs, message passing and recognisers will live here: the best explanation of
an input wins, and longer search finds better ones. The search engine that it will share with language is `search`.
"""
