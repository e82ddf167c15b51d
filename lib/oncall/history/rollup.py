"""Samples to buckets: pure, and the same whatever the order and repetition of what comes in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Point:
    """One sample of one series. `round` tells samples of one instant apart."""

    at_ms: int
    round: int
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The samples of one series within `[start_ms, start_ms + width)`.

    The mean is `total / count`. With `count` 0 all of them failed and the numbers are `None`, never zero.
    """

    start_ms: int
    count: int
    gaps: int
    low: float | None = None
    high: float | None = None
    total: float | None = None
    last: float | None = None
    last_ms: int | None = None


def rolled(points: Iterable[Point], *, width_ms: int) -> list[Bucket]:
    """The buckets of `width_ms` that these points fill, oldest first."""
    by_start: dict[int, set[Point]] = {}
    for point in points:
        by_start.setdefault(point.at_ms // width_ms * width_ms, set()).add(point)
    return [_bucket(start, by_start[start]) for start in sorted(by_start)]


def merged(buckets: Iterable[Bucket], *, width_ms: int) -> list[Bucket]:
    """Buckets of a coarser width from finer ones of one series, oldest first."""
    by_start: dict[int, set[Bucket]] = {}
    for bucket in buckets:
        by_start.setdefault(bucket.start_ms // width_ms * width_ms, set()).add(bucket)
    return [_sum(start, by_start[start]) for start in sorted(by_start)]


def _bucket(start: int, points: set[Point]) -> Bucket:
    known = sorted((p.at_ms, p.round, p.value) for p in points if p.value is not None)
    gaps = len(points) - len(known)
    if not known:
        return Bucket(start_ms=start, count=0, gaps=gaps)
    values = [value for _, _, value in known]
    return Bucket(
        start_ms=start,
        count=len(known),
        gaps=gaps,
        low=min(values),
        high=max(values),
        # Exact rounding, so that the order of arrival cannot change the last digit.
        total=math.fsum(values),
        last=values[-1],
        last_ms=known[-1][0],
    )


def _sum(start: int, parts: set[Bucket]) -> Bucket:
    gaps = sum(part.gaps for part in parts)
    known = [p for p in parts if p.low is not None and p.high is not None and p.total is not None]
    if not known:
        return Bucket(start_ms=start, count=0, gaps=gaps)
    newest = max(known, key=lambda part: (part.last_ms or 0, part.start_ms))
    return Bucket(
        start_ms=start,
        count=sum(part.count for part in known),
        gaps=gaps,
        low=min(p.low for p in known if p.low is not None),
        high=max(p.high for p in known if p.high is not None),
        total=math.fsum(p.total for p in known if p.total is not None),
        last=newest.last,
        last_ms=newest.last_ms,
    )
