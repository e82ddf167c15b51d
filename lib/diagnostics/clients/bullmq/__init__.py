"""BullMQ's keys in Redis, read without its library: layouts 5.x and 6.x, one module per kind of key.

Source: the key table of BullMQ 5 (`bull:<queue>:<suffix>`); in 6.x paused jobs stay in `wait`.
"""

from diagnostics.clients.bullmq.counts import Glance
from diagnostics.clients.bullmq.history import Reach
from diagnostics.clients.bullmq.keyspace import Keyspace
from diagnostics.clients.bullmq.reader import Bullmq

__all__ = ["Bullmq", "Glance", "Keyspace", "Reach"]
