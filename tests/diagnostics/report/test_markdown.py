"""Markdown that evidence cannot bring to life."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from diagnostics.report.markdown import block, code, escape, link

_PARSER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|www\.")
"""The only thing that may be shown as code."""
_SIGNS = st.text(alphabet="ab1 *_`~[]()<>!#+-=|\\&;:/.@$\n\t\"'wx", max_size=40)


def spoken(markdown: str) -> str:
    """What a reader sees, or an assertion where anything but plain text came alive."""
    tokens = _PARSER.parse(markdown)
    inline = [child for token in tokens for child in token.children or []]
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}, tokens
    assert {child.type for child in inline} <= {"text", "text_special", "softbreak", "code_inline"}, markdown
    assert all(_ADDRESS.match(child.content) for child in inline if child.type == "code_inline"), markdown
    return "".join(child.content for child in inline)


@given(_SIGNS)
def test_escaped_text_reads_as_it_was_written(value):
    expected = " ".join(value.split())
    assert " ".join(spoken("x " + escape(value)).split()) == f"x {expected}".strip()


@pytest.mark.parametrize(
    "value", ["# a", "- a", "+ a", "1. a", "12) a", "> a", "=== ", "--- ", "* a", "    a", "| a | b |"]
)
def test_no_mark_at_the_start_of_a_line_works(value):
    spoken(escape(value))


@pytest.mark.parametrize(
    "value",
    [
        "[x](javascript:alert(1))",
        "![x](http://e/x.png)",
        "<img src=x>",
        "<!-- end: summary -->",
        "&lt;b&gt;",
        "a **b** c",
    ],
)
def test_links_images_html_comments_and_entities_are_text(value):
    assert spoken(escape(value)) == value


def test_addresses_do_not_become_links_by_themselves():
    """GitHub and Jupyter look for these two shapes in plain text, and not in code."""
    shown = escape("see https://evil.example, and www.evil.example")
    assert shown == "see `https://evil.example`, and `www.evil.example`"
    assert spoken(shown) == "see https://evil.example, and www.evil.example"


@given(_SIGNS)
def test_no_address_is_left_outside_code(value):
    outside = "".join(
        child.content
        for token in _PARSER.parse("x " + escape(value))
        for child in token.children or []
        if child.type == "text"
    )
    assert not re.search(r"[a-z]://\w", outside)
    assert not re.search(r"\bwww\.\w", outside)


@given(_SIGNS)
def test_code_holds_any_text_and_never_a_comment(value):
    shown = code(value)
    assert "<!--" not in shown
    assert "-->" not in shown
    if shown:
        inline = _PARSER.parse(f"x {shown} y")[1].children or []
        assert [c.type for c in inline] == ["text", "code_inline", "text"]


def test_a_block_is_longer_fenced_than_what_it_holds():
    assert block("```") == "````bash\n```\n````"


def test_only_addresses_to_follow_become_links():
    assert link("a", "https://x.example/a b?c=(d)>") == "[a](<https://x.example/a%20b?c=%28d%29%3E>)"
    assert link("a", "javascript:alert(1)") == "a"
