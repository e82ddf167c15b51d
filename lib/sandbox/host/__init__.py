"""The worker's host: replicas as processes, deployments, restarts, logs, and the public address."""

from sandbox.host.balancer import Balancer
from sandbox.host.host import Host
from sandbox.host.logbook import Logbook

__all__ = ["Balancer", "Host", "Logbook"]
