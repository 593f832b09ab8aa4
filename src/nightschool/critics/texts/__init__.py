"""Texts that judges read and write.

numerals  numbers as people write them
values    dates, amounts, numbers and addresses in short messages
case      a question with an answer to it, for a model to read
legible   text from anywhere, made fit for a message
"""
