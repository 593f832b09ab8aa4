"""The endpoints of the OpenAI protocol.

chat, completions, embeddings   what is answered at /v1
ask, searches, perceiving       from what a client sent to a search; what it calls up from memory
shapes, telling                 from what a search found to what the protocol wants to hear
relay                           what only the server behind a model can follow
"""
