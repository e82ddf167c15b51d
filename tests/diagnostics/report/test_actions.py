"""Action sheets: each proposed action is written down for a person."""

from __future__ import annotations

from itertools import chain

from diagnostics.report.actions import SHEETS, sheet


def test_ids_are_unique_and_verb_object():
    ids = [s.id for s in SHEETS]
    assert len(set(ids)) == len(ids)
    assert all("-" in name and name == name.lower() for name in ids)


def test_each_sheet_says_what_to_click_what_changes_and_how_to_undo_it():
    assert all(s.clicks and str(s.changes) and str(s.undo) for s in SHEETS)


def test_links_are_the_vendors_own():
    assert all(s.link.startswith("https://") for s in SHEETS if s.link)


def test_links_lead_to_the_profiles_own_project():
    """Production's dashboard would mislead whoever looks at another profile."""
    own, other = sheet("restore-database", supabase_ref="abcdefgh"), sheet("restore-database")
    assert own and own.link == "https://supabase.com/dashboard/project/abcdefgh"
    assert other and other.link == "https://supabase.com/dashboard/project/_"
    usage = sheet("open-supabase-usage", supabase_ref="abcdefgh")
    assert usage and usage.link == "https://supabase.com/dashboard/org/_/usage"
    assert not [s.link for s in SHEETS if "rpzch" in s.link]


def test_every_action_a_cause_proposes_has_a_sheet():
    from diagnostics.causes import RULES

    proposed = set(chain.from_iterable(rule.remediations for rule in RULES))
    assert proposed
    assert {name for name in proposed if sheet(name) is None} == set()
