"""Words for a society: what they say of a thing, and where they contradict each other.

definitions  reading a definition: what it affirms, denies and does not know
define       from a definition to a concept, and what in it cannot be
beginning    the words that a society begins with
fight        what is said of a thing and what was seen of it, as claims, messages and a verdict
scenes       scenes of things, made to measure all that
"""
