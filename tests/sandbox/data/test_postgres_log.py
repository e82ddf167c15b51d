"""PostgreSQL's lines as entries."""

from sandbox.data.diary import DiaryLine
from sandbox.data.postgres_log import PostgresLog

AT = "2026-11-24 20:00:00.000 UTC"


def heard(*lines: str) -> list[DiaryLine]:
    """The entries that some lines make."""
    kept: list[DiaryLine] = []
    log = PostgresLog(kept.append)
    for line in lines:
        log.hear(line)
    return kept


def test_details_belong_to_the_entry_of_their_process() -> None:
    """Two processes write at once; each statement stays with its error, further lines included."""
    one, two = heard(
        f"{AT} [7] authenticator 57014 ERROR:  canceling statement due to statement timeout",
        f"{AT} [8] authenticator 42501 ERROR:  permission denied for table users",
        f"{AT} [7] authenticator 57014 STATEMENT:  SELECT 1",
        "\tFROM agents",
        f"{AT} [8] authenticator 42501 HINT:  ask",
    )
    assert (one.message, one.severity) == ("canceling statement due to statement timeout", "ERROR")
    assert one.attributes["parsed.query"] == "SELECT 1\nFROM agents"
    assert (two.attributes["parsed.sql_state_code"], two.attributes["parsed.hint"]) == ("42501", "ask")
    assert "parsed.query" not in two.attributes


def test_a_process_of_the_servers_own_has_no_user() -> None:
    """The prefix has an empty place there."""
    (entry,) = heard(f"{AT} [1]  00000 LOG:  database system is ready to accept connections")
    assert (entry.severity, entry.attributes["parsed.user_name"]) == ("LOG", "")


def test_what_is_no_entry_is_left_out() -> None:
    """A detail without its entry, and a line of some library's."""
    assert heard(f"{AT} [9] x 00000 DETAIL:  of what?", "a line without a prefix") == []
