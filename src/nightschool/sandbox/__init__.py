"""Running code that a model wrote: in bubblewrap, or not at all."""

from nightschool.sandbox.bubblewrap import Bubblewrap, available
from nightschool.sandbox.limits import Limits
from nightschool.sandbox.warm import Warm, shared

__all__ = ["Bubblewrap", "Limits", "Warm", "available", "shared"]
