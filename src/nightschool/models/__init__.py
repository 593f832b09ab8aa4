"""Whatever proposes and weighs text, behind the port `ports.Model`.

resolve       from a name to a model, importing nothing heavy until asked
weights/      from a name to a transformers folder in the cache
local/        torch: the engine that runs such a folder
openai_http/  any server that speaks the OpenAI protocol
scripted      an exact fake, for tests and for trying things out
"""
