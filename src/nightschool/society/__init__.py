"""Generative models that compose, contradict and compete: the best explanation of an input wins.

Everything here is a generative model (`generative.Generative`): distributions (`primitives`), weights and rules
(`potentials`), programs that call other models (`program`, `each`). What they did is a trace (`traces`), which is
immutable, kept on disk (`kept`) and replayable. `infer` asks what explains what is given.

torch lives in every module of this room but this one; nothing here knows a language model, a critic or a clock.
"""
