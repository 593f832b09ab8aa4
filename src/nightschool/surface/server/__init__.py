"""Minds behind the OpenAI protocol, and the page that shows what they think.

app         which endpoint answers at which path
guard       in front of all: sizes, times, keys, origins, headers, the log
wire        what clients may send            refusal     errors as they expect them
names       what the name of a mind says     minds       what is served under it
engine      one model in one thread; what is asked from many connections joins the same batches
answering   waiting for it, and what became of it; streams
v1/         the endpoints of the protocol    page/       the page at /, and what it reads at /api
mcp/        the same minds as tools, without HTTP
rooms       the memories of each space       relays      the ways to servers behind models
keys, tickets, metrics, openapi, served, serving
"""
