"""Series over time, rebuilt from what the platform happens to keep. Pure: arrays in, arrays out.

Redis keeps no history, so each series names its source and the span that source can vouch for;
outside the span a value is NaN, never zero. Instants are epoch milliseconds (int64), values float64.
"""

from diagnostics.trends.depth import depth, main_queue
from diagnostics.trends.onset import onset
from diagnostics.trends.percentiles import Percentiles, processing_percentiles, wait_percentiles
from diagnostics.trends.rates import arrivals, failure_ratio, throughput
from diagnostics.trends.series import MINUTES, SHORTEST_S, Series, lately, nice_step, to_frame

__all__ = [
    "MINUTES",
    "SHORTEST_S",
    "Percentiles",
    "Series",
    "arrivals",
    "depth",
    "failure_ratio",
    "lately",
    "main_queue",
    "nice_step",
    "onset",
    "processing_percentiles",
    "throughput",
    "to_frame",
    "wait_percentiles",
]
