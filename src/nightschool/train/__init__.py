"""Training: lessons become weights. Everything here is stepped, seeded, and resumable to the last bit.

    settings       what to train and how fast, by rule
    examples       lessons as token ids
    grouping       which examples share the beginning that is computed once
    shared_prefix  the loss and its gradient, the shared beginning computed once
    lora           the learner: step, save, checkpoint, resume

Only this room and `models.local` import torch; both load it when they are imported, so import them late.
"""
