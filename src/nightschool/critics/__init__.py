"""Critics, one judge per file.

A verifier sees the input only and may guide search, practice and use; a reference sees the target and serves the exam
alone, and what it says never quotes the target.

judging     how a critic is called, and `consulting` how one that asks a model first
compose     critics made of critics, and `named` reads them from text
parameters  what several critics are told, with errors that say what to type
functions   Python functions of somebody else's, which judge or are judged
learning    from labels to a critic
texts       what judges read in an answer, and write about it

Every other file is a judge.
"""
