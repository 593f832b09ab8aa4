"""Running code that a model wrote: in bubblewrap, or not at all."""

from nightschool.sandbox.bubblewrap import Bubblewrap, available
from nightschool.sandbox.limits import Limits

__all__ = ["Bubblewrap", "Limits", "available"]
