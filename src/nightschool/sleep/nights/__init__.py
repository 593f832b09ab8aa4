"""Nights on disk: by content hash, with lineage.

ledger       which nights there are; the switch from one mind to the next is one atomic row
night        what one produced
told         what it tells of itself, in its manifest and on pages
export       one as a peft adapter, a merged folder or a GGUF
out_of_room  what is said where the disk or the memory was too small
"""
