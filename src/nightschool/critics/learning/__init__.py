"""From labels to a critic: what a person said of answers becomes a file that `learned` judges by.

labels    what was said, as lines of a file
traits    what an answer looks like, as named numbers
learn     one rule fitted to labels, and held to labels that it has not seen
logistic  how it is fitted
taught    what was learned, as a small file
optimism  what choosing by it is worth as the choice grows
"""
