"""The Russian catalogue: complete, current, with the same placeholders."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import diagnostics
from diagnostics.language import translator

ROOT = Path(__file__).parents[2]
CATALOGUE = Path(diagnostics.__file__).parent / "locale" / "ru" / "LC_MESSAGES"


def collected(folder: Path) -> set[str]:
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "--keywords",
        "text",
        "--keywords",
        "_",
    ]
    command += ["--mapping", "scripts/babel.ini", "-o", str(folder / "all.pot"), "lib"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return {str(m.id) for m in read_po(io.BytesIO((folder / "all.pot").read_bytes())) if m.id}


def test_every_sentence_is_translated(tmp_path: Path) -> None:
    """No message of the source is missing from the Russian catalogue."""
    known = {str(m.id) for m in read_po((CATALOGUE / "runbook.po").open("rb")) if m.id and m.string}
    wanted = collected(tmp_path)
    assert len(wanted) > 300
    assert sorted(wanted - known) == []


def test_translations_keep_their_placeholders() -> None:
    """A translation fills in the same values in the same format; forms of a noun go with one of them."""
    for message in read_po((CATALOGUE / "runbook.po").open("rb")):
        if message.id:
            wanted, found = (re.findall(r"\{[^}]*\}", str(text)) for text in (message.id, message.string))
            forms = [place for place in found if "|" in place]
            assert set(wanted) == set(found) - set(forms)
            names = {re.split("[:}]", place[1:])[0] for place in wanted}
            assert all(form.count("|") == 2 and form[1:].split(":")[0] in names for form in forms)


def test_the_compiled_catalogue_is_current() -> None:
    """`runbook.mo` says what `runbook.po` says."""
    compiled = {str(m.id): m.string for m in read_mo((CATALOGUE / "runbook.mo").open("rb")) if m.id}
    assert compiled == {str(m.id): m.string for m in read_po((CATALOGUE / "runbook.po").open("rb")) if m.id}


def test_russian_is_russian() -> None:
    """The translator finds its catalogue."""
    assert translator("ru")("The queue is paused") == "Очередь на паузе"
