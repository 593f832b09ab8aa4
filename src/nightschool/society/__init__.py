"""Generative models that compose, contradict and compete: the best explanation of an input wins.

Everything here is a generative model (`generative.Generative`): distributions (`primitives`), weights and rules
(`potentials`), programs that call other models (`program`, `each`), a language model (`language`, `writing`). Its runs
go side by side, as `columns` with noise of their own (`lanes`). What they did is a trace (`traces`), which is
immutable, kept on disk (`kept`) and replayable. `infer` asks what explains what is given, and `recognisers` learn to
propose it.

claims       members that claim something of common ports and fight over it, in factor `graphs`
words        what words say of a thing, and where they contradict each other
expressions  programs over lists and texts, found and invented
strokes      drawings, recognised from one
digits       digits, on pages and over each other
beliefs      what a language model holds, where it contradicts itself
library      concepts learned from drawings, definitions and pairs, kept for good

torch lives in every module of this room but this one; nothing here knows a language model, a critic or a clock.
"""
