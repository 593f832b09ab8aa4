"""GGUF files as they are, quantised weights and all, run by llama.cpp out of the wheel xllamacpp.

serve   the program of the process in which llama.cpp runs
child   starts that process, and says what it failed with
model   LlamaCpp, the port: what llama.cpp serves, through the model for served ones

For one answer at a time, where its quantised weights are read faster than torch's, and for models that are too large
in any other form. Hundreds of branches are what the local engine is for.
"""
