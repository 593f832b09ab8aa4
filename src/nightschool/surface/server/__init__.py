"""Minds behind the OpenAI protocol, and the page that shows what they think.

app         which endpoint answers at which path
guard       in front of all: sizes, times, keys, origins, headers, the log
wire        what clients may send            refusal     errors as they expect them
names       what the name of a mind says     minds       what is served under it
ask         from a request to a job          searches    plain requests as searches
engine      one model in one thread; what is asked from many connections joins the same batches
chat, completions, embeddings                answering, shapes   what they share
pages       data for the page in `surface/web`
keys, metrics, openapi, served, serving
"""
