"""The Russian notebooks are those the English ones and the catalogue give."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path

import pytest

from diagnostics.language import _LOCALE
from diagnostics.notebook_translation import extract, main, render, sentences, stale, translated

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9]*.ipynb"))
has_catalogue = pytest.mark.skipif(
    not (_LOCALE / "ru" / "LC_MESSAGES" / "runbook.mo").is_file(), reason="the Russian catalogue is not compiled"
)


def shouted(told: str) -> str:
    return told.upper()


@pytest.fixture(params=SOURCES, ids=lambda path: path.name)
def notebook(request):
    return json.loads(request.param.read_text("utf-8"))


def test_code_stays_and_only_comments_and_prose_change(notebook):
    made = translated(notebook, shouted, language="ru")
    for before, after in zip(notebook["cells"], made["cells"], strict=True):
        assert (before["id"], before["cell_type"], before["metadata"]) == (
            after["id"],
            after["cell_type"],
            after["metadata"],
        )
        if before["cell_type"] == "code":
            kept = [line.split("  # ")[0] for line in before["source"].splitlines()]
            again = [line.split("  # ")[0] for line in after["source"].splitlines()]
            assert [line.replace('language: str = ""', 'language: str = "ru"') for line in kept] == again


def test_its_default_language_is_its_own(notebook):
    made = translated(notebook, shouted, language="ru")
    assert 'language: str = "ru"' in json.dumps(made, ensure_ascii=False).replace('\\"', '"')
    assert made["metadata"]["runbook"]["language"] == "ru"


def test_marks_of_lists_and_headings_are_not_part_of_a_sentence(notebook):
    told = sentences(notebook)
    assert "Verdict" in told
    assert not [s for s in told if s.startswith(("#", "- ", " "))]


def test_the_extraction_gives_babel_every_sentence(notebook):
    found = [message for _, _, message, _ in extract(io.BytesIO(json.dumps(notebook).encode()), [], [], options={})]
    assert found == sentences(notebook)


def test_translating_into_english_is_the_identity(notebook):
    same = translated(notebook, str, language="")
    untouched = copy.deepcopy(notebook)
    untouched["metadata"]["runbook"]["language"] = ""
    assert render(same) == render(untouched)


@has_catalogue
def test_the_committed_translations_are_fresh():
    """If this fails: `make translations`."""
    assert [path.name for path in stale(FOLDER, language="ru")] == []


@has_catalogue
def test_no_sentence_of_a_notebook_is_left_in_english(notebook):
    from diagnostics.language import translator

    assert [told for told in sentences(notebook) if translator("ru")(told) == told] == []


@has_catalogue
def test_the_command_writes_what_is_stale_and_check_only_names_it(tmp_path, capsys):
    for source in SOURCES:
        (tmp_path / source.name).write_bytes(source.read_bytes())
    assert main([str(tmp_path), "--check"]) == 1
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0
    assert "written" in capsys.readouterr().err
