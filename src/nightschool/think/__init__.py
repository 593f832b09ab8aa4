"""Strategies over language, each one file and each its paper: pure, they ask and are told, and do no I/O.

A strategy is a frozen dataclass; its parameters are its specification (`best-of-n:n=16`). Its state is frozen too, so
that a search can be kept, compared and gone back to. All are anytime: stop whenever you like, `best` has an answer.

Called, `ns.think("six times seven?", strategy="vote:n=5")` answers a question by search: see `surface.python.think`.
"""

from nightschool.called import let_be_called

let_be_called(__name__)
