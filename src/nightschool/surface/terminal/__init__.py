"""What a person types and reads, the same for every command.

options, specs            what commands share of what is typed, and lists of specifications
lazy_group, completion    commands known by name and imported when they run; names that a shell completes
output, table, progress   answers on stdout or one JSON object, aligned tables, progress on stderr
interrupts                Ctrl-C that is never lost

Not known here: any command, and anything that runs one.
"""
