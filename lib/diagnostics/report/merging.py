"""Refreshing a postmortem that people have written in.

Each generated section stands between two HTML comments. The opening one carries a digest of what was
generated, so that a later run can tell an edit from its own text. Outside the sections nothing is touched.
"""

from __future__ import annotations

import hashlib
import re

from diagnostics.language import LANGUAGES
from diagnostics.wording import Wording

_SUFFIX = "-newer"
_MARKS = (
    r"<!-- generated: (?P<name>{name}) (?P<digest>[0-9a-f]{{12}}) -->\r?\n"
    r"(?P<body>.*?)\r?\n?<!-- end: (?P=name) -->"
)
_SECTION = re.compile(_MARKS.format(name="[a-z-]+"), re.DOTALL)
_NOTE = re.compile(r"(?:\r?\n){0,2}" + _MARKS.format(name=f"[a-z-]+{_SUFFIX}"), re.DOTALL)
_HEAD = re.compile(r"<!-- postmortem/1 (?P<language>[a-z]{2}) -->")


def headed(language: str) -> str:
    """The first line of a postmortem."""
    return f"<!-- postmortem/1 {language} -->"


def generated(name: str, body: str) -> str:
    """`body` between its marks."""
    return f"<!-- generated: {name} {_digest(body)} -->\n{body}\n<!-- end: {name} -->"


def merge_postmortem(existing: str, fresh: str) -> str:
    """`existing` with the generated sections nobody touched replaced by those of `fresh`.

    A section somebody edited is kept word for word; the newer facts follow it, folded, in a section of
    their own. What people wrote elsewhere stays, and so does what they deleted.
    """
    head = _HEAD.search(fresh)
    language = head["language"] if head and head["language"] in LANGUAGES else "en"
    renewed = {section["name"]: section for section in _SECTION.finditer(fresh)}
    bare = _NOTE.sub(lambda note: "" if _is_ours(note) else note[0], existing)
    answered = {note["name"] for note in _NOTE.finditer(bare)}

    def refresh(section: re.Match[str]) -> str:
        name = section["name"]
        new = renewed.get(name)
        if new is None:
            return section[0]
        if _is_ours(section):
            return new[0]
        # Somebody wrote into the note itself: leave both as they are.
        return section[0] if name + _SUFFIX in answered else section[0] + _note(name, section, new, language)

    return _SECTION.sub(refresh, bare)


def _note(name: str, old: re.Match[str], new: re.Match[str], language: str) -> str:
    """What follows an edited section: that it was kept and, folded, the facts that were not written into it."""
    _ = Wording(language).translate
    told = _("*The section above was edited by people and is kept as it is.*")
    if new["digest"] != old["digest"]:
        label = _("Newer facts")
        told += f"\n\n<details><summary>{label}</summary>\n\n{new['body']}\n\n</details>"
    return f"\n\n{generated(name + _SUFFIX, told)}"


def _is_ours(section: re.Match[str]) -> bool:
    return _digest(section["body"]) == section["digest"]


def _digest(body: str) -> str:
    """Blind to line ends and to spaces at the end of lines, which editors change by themselves."""
    lines = [line.rstrip() for line in body.strip().splitlines()]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()[:12]
