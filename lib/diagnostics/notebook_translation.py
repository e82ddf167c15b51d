"""Russian notebooks from the English ones, through the same catalogue as every other sentence.

`python -m diagnostics.notebook_translation` writes `notebooks/ru/`; with `--check` it only compares.
`extract` is the method by which babel collects the notebooks' sentences:

    [extractors]
    notebook = diagnostics.notebook_translation:extract
    [notebook: *.ipynb]
"""

from __future__ import annotations

import argparse
import copy
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from diagnostics.language import LANGUAGES, translator
from diagnostics.text import Translate

_PROSE = re.compile(r"(?P<mark>\s*(?:#{1,6}\s+|[-*]\s+|\d+\.\s+|>\s+)?)(?P<told>.*)")
_COMMENT = re.compile(r"(?P<mark>[^#\"']*(?:\"[^\"]*\"[^#\"']*)*#\s+)(?P<told>.*)")
_LANGUAGE = re.compile(r'^language: str = ""', re.MULTILINE)


def translated(notebook: dict[str, Any], translate: Translate, *, language: str) -> dict[str, Any]:
    """A copy of `notebook` with its prose and comments translated and its own language as the default."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        cell["source"] = _each_line(cell, translate)
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = _LANGUAGE.sub(f'language: str = "{language}"', cell["source"])
    result["metadata"].setdefault("runbook", {})["language"] = language
    return result


def sentences(notebook: dict[str, Any]) -> list[str]:
    """Every message id of `notebook`, in order, each once."""
    found: dict[str, None] = {}

    def collect(told: str) -> str:
        found[told] = None
        return told

    for cell in notebook["cells"]:
        _each_line(cell, collect)
    return list(found)


def extract(
    fileobj: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction method for notebooks; it passes the last argument by name."""
    for told in sentences(json.load(fileobj)):
        yield 0, "", told, []


def render(notebook: dict[str, Any]) -> str:
    """The bytes of a notebook file, the same on every machine."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def stale(folder: Path, *, language: str) -> dict[Path, str]:
    """What every translated notebook under `folder` must hold, where it holds something else."""
    wanted = {}
    for source in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        english = json.loads(source.read_text("utf-8"))
        target = folder / language / source.name
        text = render(translated(english, translator(language), language=language))
        if not target.is_file() or target.read_text("utf-8") != text:
            wanted[target] = text
    return wanted


def main(arguments: list[str] | None = None) -> int:
    """Write, or with `--check` only name, the notebooks that differ from their source."""
    parser = argparse.ArgumentParser(prog="python -m diagnostics.notebook_translation", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("notebooks"))
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a notebook is stale")
    options = parser.parse_args(arguments)
    differing = {
        path: text
        for language in LANGUAGES
        if language != "en"
        for path, text in stale(options.folder, language=language).items()
    }
    for path, text in differing.items():
        sys.stderr.write(f"{'stale' if options.check else 'written'}: {path}\n")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if differing and options.check else 0


def _each_line(cell: dict[str, Any], translate: Callable[[str], str]) -> str:
    """The cell's source with each translatable part of a line passed through `translate`."""
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    pattern = _PROSE if cell["cell_type"] == "markdown" else _COMMENT
    return "\n".join(_line(line, pattern, translate) for line in source.split("\n"))


def _line(line: str, pattern: re.Pattern[str], translate: Callable[[str], str]) -> str:
    match = pattern.fullmatch(line)
    if match is None or not any(c.isalpha() for c in match["told"]):
        return line
    return match["mark"] + translate(match["told"])


if __name__ == "__main__":
    sys.exit(main())
