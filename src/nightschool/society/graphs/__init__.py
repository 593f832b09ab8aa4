"""Factor graphs over discrete variables, and what to believe of them.

factors    who may take what value, and what holds between them
propagate  beliefs and the best explanation by messages
eliminate  exact beliefs where circles are too tight for messages
"""
