"""What a mind keeps of what it lived through. Not built yet: this package holds no code.

Context, store, recall and forgetting will live here: a token-budgeted window that never truncates silently; memories
with salience, strength and links, kept in SQLite; recall by words, by meaning and by link; strengths that fade on a
forgetting curve. Nothing in nightschool remembers between runs today except nights and the caches of models.
"""
