"""What a person types and sees: the command line, its progress bars and its tables.

cli        the command group and the one place where errors become one line and an exit code
terminal/  what is typed and read, the same for every command: options, output, tables, progress
commands/  one module for each command

Not known here: how anything is done. A command checks what was typed, calls the room below, and shows what came back.
"""
