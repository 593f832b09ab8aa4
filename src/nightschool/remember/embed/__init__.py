"""Texts to vectors, for recall by meaning: packaged models that work offline, an endpoint, or the model itself."""
