"""Behind `day`, `sleep`, `wake`, `export` and `--night`: which night answers, and what a day or a night is made of.

in_force             with which weights a model answers
learner              the model, opened to learn; its pupils; the tasks that it must not lose
day, over_memories   a day over a task; a night over memories
shown                nights in a table, and what one brought
"""
