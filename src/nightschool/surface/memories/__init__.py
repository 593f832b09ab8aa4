"""Behind `remember`, `recall`, `forget` and `chat`: whose memories, and what a chat says of itself and its answers.

store           the options that say whose memories and which embedder, and what they open
shown           memories on the terminal and as --json has them
identity_card   what a chat tells its model of itself
unsure          the sentences of an answer that the model may not be sure of
"""
