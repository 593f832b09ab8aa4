"""The local engine: any causal language model of transformers, run wide over shared prefixes.

model       LocalModel, the port: asks in, replies out
text        from prompts to tokens and back
intake      from an ask to what the engine does for it, or a refusal
flight      asks in flight: what each still needs, and its reply
schedule    which draws are let in, what each result belongs to
plan        what a pass computes beside the live branches
runner      one set of weights with its trie and its branches: one packed forward pass at a time
trie        token runs that many branches share; longest-prefix lookup, splitting, eviction
pool        storage of the trie's keys and values
tails       what each live branch wrote after its shared prefix
compose     from branches and pieces of prompts to the parts of a pass
parts       which queries of a pass see which keys
attention   the attention function and the cache that transformers is handed
pick        from logits to tokens, by noise
form        what a draw that keeps a JSON schema may still write
words       from tokens to text that can be shown; stop strings
packed      linear layers packed once for the products of a CPU
folder      from a transformers folder to a module, a tokenizer and an identity
adapters    weights merged with a LoRA adapter

Nothing here knows an architecture: models reach it through transformers' attention and cache interfaces.
"""
