"""Sleep: what was found turns into weights, behind a gate that undoes a bad night.

consolidate  a night over memories, as a sentence: unlearn, put in order, select, study, teach, gate
sleeper      what such a night needs from outside, and `plan` how it is spent
evening      what would be learned
lessons      what is learned, and where it comes from
teach        lessons become one adapter
gate         better at what was practised, and no worse at anything watched: accept or roll back
nights       the ledger of nights by content hash, and one night for other programs
unlearn      what was forgotten on purpose leaves the weights too
rest         what a night does that needs no weights
"""
