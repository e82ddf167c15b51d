"""What a command says besides its verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.diagnostics.diagnoses import diagnosis, scope

from diagnostics.redaction import Redactor
from oncall.artifact import Artifact
from oncall.status import begun
from oncall.telling import Teller


def told(capsys: pytest.CaptureFixture[str], *, slug: str, runbook: str | None, profile: str) -> str:
    """The page of a verdict whose first cause leads to `runbook`."""
    teller = Teller(is_json=False, language="en", timezone="UTC", profile=profile)
    first = replace(diagnosis().causes[0], runbook=runbook)
    made = diagnosis(scope=scope(slug=slug), causes=(first,))
    status = begun(incident=slug, profile="sandbox", started_at=made.finished_at, language="en", timezone="UTC", pid=1)
    teller.verdict(made, Artifact(folder=None, status=status, redactor=Redactor()))
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("profile", "command"),
    [
        ("", "runbook run queue-overflow"),
        ("sandbox", "runbook run queue-overflow --profile sandbox"),
        (str(Path("my profiles/a.toml")), "runbook run queue-overflow --profile 'my profiles/a.toml'"),
    ],
)
def test_triage_names_the_command_that_goes_on_as_it_can_be_typed(
    capsys: pytest.CaptureFixture[str], profile: str, command: str
) -> None:
    """With the profile as it was typed: without one the next command would refuse to run."""
    page = told(capsys, slug="triage", runbook="queue-overflow", profile=profile)
    assert f"go on with {command} " in page


@pytest.mark.parametrize(
    ("slug", "runbook"), [("triage", None), ("triage", "nobody"), ("queue-overflow", "queue-overflow")]
)
def test_there_is_not_always_a_command_to_go_on_with(
    capsys: pytest.CaptureFixture[str], slug: str, runbook: str | None
) -> None:
    """No cause with a notebook, or already in it."""
    assert "go on with" not in told(capsys, slug=slug, runbook=runbook, profile="sandbox")
