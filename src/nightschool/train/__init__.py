"""Training: lessons become weights. Everything here is stepped, seeded, and resumable to the last bit.

    settings       what to train and how fast, by rule
    examples       lessons as token ids
    packing        examples in one row, in which what they begin with stands once
    shared_prefix  the loss and its gradient, what examples begin with computed once
    low_rank       LoRA in a module: peft puts it in, one function computes it
    lora           the learner: step, save, checkpoint, resume
    course         all lessons in shuffled steps, when they are all there at the beginning
    between        a part of what was learned: weights between an adapter and the one it came from
    hippocampus    what reward is to be expected, foretold from the stream of experiences
    adapter_folder, adapter_name   what was learned, on disk, named by its content

Only this room and `models.local` import torch; both load it when they are imported, so import them late.
"""
