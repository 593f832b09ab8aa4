"""Where memories are kept: one port, an SQLite file per space, or PostgreSQL for many users.

from nightschool.remember.store.opened import open_store
store = open_store("default")
"""
