"""Worlds: sources of items with exact truth, critics, ways to pose them and, where they exist, levels and an expert.

One world per file. `open_world` turns what a user writes (`sorting:n=5`, `file:questions.csv`) into one. A world names
its critics by registry name, so critics and worlds do not see each other.
"""
