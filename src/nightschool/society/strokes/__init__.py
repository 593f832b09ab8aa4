"""Drawn characters by analysis by synthesis: one drawing is a generative model of all drawings of the same character.

ink     where the strokes of an image run, which way, and where they end
warp    what a drawing may become: moved, stretched, turned, and bent smoothly
match   how well one drawing, bent as need be, explains another; both ways, many at once
judge   from matches to the evidence for each character, and "nothing explains this"
"""
