"""`python -m nightschool` is the command `nightschool`."""

from nightschool.surface.cli import main

main()
