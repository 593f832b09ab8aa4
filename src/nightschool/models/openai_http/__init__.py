"""Models behind a server that speaks the OpenAI protocol: vLLM, Ollama, llama-server, SGLang, hosted ones.

address    what `URL#MODEL` means
wire       one server: connections, retries, what it turned out not to understand
shapes     from asks to requests, and from the many shapes of replies to one
draws      what has come of a draw: text, stop strings, counted tokens
listing    the likeliest next tokens, where a server tells no more
probe      what the server can do, found out once
background an event loop on a thread of its own
model      HttpModel, the port

Nothing a server says of itself is believed where it can be counted.
"""
