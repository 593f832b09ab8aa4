"""Runs searches: the only place that calls models and critics in batches.

    drive = Drive(model, watch=None, clock=time.monotonic, price=None, critic_workers=2, max_live=256, cache=None)
    traces = drive.run(jobs, budget=None)  # a Trace for each Job, in their order
"""
