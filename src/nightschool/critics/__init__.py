"""Critics, one judge per file.

A verifier sees the input only and may guide search, practice and use; a reference sees the target and serves the exam
alone, and what it says never quotes the target. `judging.judge` is how a critic is called, `compose` combines critics,
`named.critic` reads them from text.
"""
