"""Sleep: what was found turns into weights, behind a gate that undoes a bad night.

lessons     verified traces, or an expert's demonstrations, as training examples; the guard against leaks
rehearsal   text of the old self, to be relearned beside what is new, and to see whether it was harmed
gate        better at what was practised, and no worse at anything watched: accept or roll back
ledger      nights by content hash, with lineage; the switch from one mind to the next is one atomic row
export      a night as a peft adapter, a merged folder or a GGUF
"""
