"""The gate: better at what was practised, and no worse at anything watched; else the night is rolled back.

decide      the decision, pure
looking     what one look at a mind sees, before and after
text_loss   how likely it finds given text, and `watch_text` is that text
shrink      a part of the change where the gate refuses all of it
"""
