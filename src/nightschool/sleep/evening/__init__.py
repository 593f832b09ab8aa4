"""The evening: what a night would learn, and why not the rest.

prepare     what would be learned tonight; nothing is changed
select      which memories matter, are not yet known, still hold and are fading
knowing     how well the weights know something already
stream      experiences as a hippocampus is told them, which foretells what matters
evening     what was chosen
unfinished  the same, kept while its night is unfinished
"""
