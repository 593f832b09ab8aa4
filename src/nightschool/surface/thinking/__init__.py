"""Behind `think`, `label` and `ns.think`: searches, and what is learned from what they wrote.

jobs, shown                   from what was typed to searches, and from their traces to what is shown
engine_choice                 which program writes one answer
resume                        a record, so that an interrupted run goes on
value_heads                   what searches and nights teach later searches
preferences, learned_critic   which of two answers is better, and a critic that learns it
"""
