"""The edge in front of the Redis server: TLS, tokens, quota, bad weather, and the count of commands."""

from sandbox.edge.gate import Credential, Gate
from sandbox.edge.server import Edge
from sandbox.edge.weather import Weather

__all__ = ["Credential", "Edge", "Gate", "Weather"]
