"""Upstash is out of reach and its status page says so."""

from sandbox.faults import redis_down
from sandbox.faults.provider_outage import outage

FAULT = outage(
    redis_down.FAULT,
    vendor="upstash",
    title="Connectivity issues in eu-west-1",
    summary="the Redis server refuses connections and Upstash's status page tells of an outage",
    row="1.03",
)
