"""The worker service: one replica is one process, `python -m sandbox.worker RELEASE`, told all by its environment.

It is the platform's worker at HEAD, made bootable: its HTTP contract, its log lines and its quirks are kept,
its jobs are real BullMQ jobs which really use the database and the model provider.
"""
