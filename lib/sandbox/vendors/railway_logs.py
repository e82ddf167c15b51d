"""Log lines as Railway returns them: oldest first, the newest ones when there are too many."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from graphql import GraphQLError

from sandbox.service import Deployment, DeploymentStatus, LogLine, Service
from sandbox.vendors.railway_filter import FilterError, Predicate, decode_attribute, parse_filter

DEFAULT_LINES = 100
MAX_LINES = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestLines:
    """The newest lines in `[start_date, end_date)`: arguments of `deploymentLogs` and `buildLogs`."""

    filter_: str | None = None
    limit: int | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None

    def of(self, lines: Sequence[LogLine], service: Service, *, spare: bool = False) -> list[LogLine]:
        """Choose from `lines`; `spare` adds the one line too many of the real API."""
        limit = _checked(self.limit) + int(spare)
        predicate = _predicate(self.filter_, service)
        return _newest(_between(reversed(lines), predicate, self.start_date, self.end_date), limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredLines:
    """Lines on both sides of an instant, which is now if not given: arguments of `environmentLogs`.

    `before_date` is the oldest instant looked at before the anchor, itself left out; `after_date` the newest
    one after it. A line at the anchor counts as after.
    """

    filter_: str | None = None
    anchor_date: str | None = None
    before_date: str | None = None
    before_limit: int | None = None
    after_date: str | None = None
    after_limit: int | None = None

    def of(self, lines: Sequence[LogLine], service: Service) -> list[LogLine]:
        """Choose from `lines`."""
        predicate = _predicate(self.filter_, service)
        anchor = _instant(self.anchor_date) or datetime.now(UTC)
        oldest = _instant(self.before_date)
        earlier = (line for line in _between(reversed(lines), predicate, oldest, anchor) if line.at != oldest)
        later = _between(lines, predicate, anchor, _instant(self.after_date))
        return [*_newest(earlier, _checked(self.before_limit)), *islice(later, _checked(self.after_limit))]


def build_lines(deployment: Deployment) -> list[LogLine]:
    """What the build log can honestly say: the facts of the deployment."""
    lines = [_build_line(deployment, deployment.created_at, "info", f"building {deployment.commit}")]
    if deployment.status is DeploymentStatus.FAILED:
        lines.append(_build_line(deployment, deployment.status_updated_at, "error", "build failed"))
    elif deployment.status not in (DeploymentStatus.INITIALIZING, DeploymentStatus.BUILDING):
        lines.append(_build_line(deployment, deployment.created_at, "info", "build finished"))
    return lines


def log_payload(line: LogLine, service: Service) -> dict[str, object]:
    """One line as the type `Log`."""
    values = {"level": line.severity, **line.attributes}
    return {
        "timestamp": nanoseconds(line),
        "message": line.message,
        "severity": line.severity,
        "attributes": [{"key": key, "value": _encoded(value)} for key, value in values.items()],
        "tags": {
            "projectId": service.project_id,
            "environmentId": service.environment_id,
            "serviceId": service.service_id,
            "deploymentId": line.deployment_id,
            "deploymentInstanceId": line.instance_id or None,
        },
    }


def nanoseconds(line: LogLine) -> str:
    """RFC 3339 with nine digits. The last three are made up, and the same at every reading."""
    at = line.at.astimezone(UTC)
    made_up = zlib.crc32(f"{line.instance_id}{line.message}".encode()) % 1000
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}{made_up:03d}Z"


def _build_line(deployment: Deployment, at: datetime, severity: str, message: str) -> LogLine:
    return LogLine(at=at, message=message, severity=severity, deployment_id=deployment.id, instance_id="")


def _encoded(text: str) -> str:
    """Attribute values travel as JSON: texts gain quotes, numbers do not."""
    return json.dumps(decode_attribute(text), ensure_ascii=False)


def _predicate(text: str | None, service: Service) -> Predicate:
    try:
        return parse_filter(text, service_id=service.service_id)
    except FilterError as exc:
        raise GraphQLError(f"Invalid filter: {exc}") from exc


def _checked(limit: int | None) -> int:
    if limit is None:
        return DEFAULT_LINES
    if not 0 <= limit <= MAX_LINES:
        raise GraphQLError(f"Limit must be between 0 and {MAX_LINES}")
    return limit


def _between(
    lines: Iterable[LogLine], predicate: Predicate, start: datetime | None, end: datetime | None
) -> Iterator[LogLine]:
    for line in lines:
        if (start is None or line.at >= start) and (end is None or line.at < end) and predicate(line):
            yield line


def _newest(latest_first: Iterator[LogLine], limit: int) -> list[LogLine]:
    """The first `limit`, in the order of time. No more is looked at: hours of lines may lie behind them."""
    return list(islice(latest_first, limit))[::-1]


def _instant(text: str | None) -> datetime | None:
    """Dates travel as plain texts here, with or without an offset."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise GraphQLError(f"Not a date: {text}") from exc
    return at if at.tzinfo else at.replace(tzinfo=UTC)
