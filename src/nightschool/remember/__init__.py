"""What a mind keeps of what it lived through: context, store, recall and forgetting.

Nothing here calls a language model. Models that embed are injected, and so are clocks. A memory is written in one
transaction and durable when that returns; recall fuses words, meaning, tags, time, neighbours and links; strength fades
on a forgetting curve and weighs what is found, but hides nothing.
"""
