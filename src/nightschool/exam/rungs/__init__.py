"""The built-in rungs, one a file: control, zero-shot, code-style, few-shot, vote, search, lora."""
