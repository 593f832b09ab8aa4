"""Lessons: what is learned, and where it comes from.

practice      answers that a verifier passed, or an expert's demonstrations; the guard against leaks
study         what one says to oneself about a memory, after `statement` has taken it apart
self_written  the same in the model's own words
teachers      four ways to be taught what is done step by step, and `stepwise` makes answers of steps
rehearsal     text of the old self, to be learned again beside what is new
replay        new, older and rehearsed lessons, interleaved in steps
fitting       lessons too long for the context, cut
lines         lessons as they are kept on disk
"""
