"""What a person types and sees: the command line, the server and its page, and the short way in for Python.

cli         the command group, and the one place where errors become one line and an exit code
commands/   one module for each command: it checks what was typed, calls the room behind it, and says what came back
python      what `ns.load`, `ns.think`, `ns.exam` and `ns.critic` do
server/     minds behind the OpenAI protocol and as tools; web/, the files of its page

What stands behind the commands, by what it is for; `shown` in a room is what a terminal and --json see of it:

thinking/   think, label                     nights/     day, sleep, wake, export, and every --night
memories/   remember, recall, forget, chat   concepts/   concept, recognise
exams/      exam, view, scale, unmask        health      doctor

terminal/   below all of them: options, answers and remarks, tables, progress

Not known here: how anything is done. That is in the rooms below.
"""
