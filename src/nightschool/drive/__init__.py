"""Runs searches: the only place that calls models and critics in batches.

drive = Drive(model, watch=None, clock=time.monotonic, price=None, critic_workers=2, max_live=256, cache=None)
traces = drive.run(jobs, budget=None)  # a Trace for each Job, in their order
service = Service(model)  # for jobs that come and go
"""

from nightschool.config import Price
from nightschool.drive.cache import Cache
from nightschool.drive.drive import Drive
from nightschool.drive.job import Job
from nightschool.drive.service import Service
from nightschool.search.budget import Budget

__all__ = ["Budget", "Cache", "Drive", "Job", "Price", "Service"]
