"""Settings: one function of a profile and an environment, with one line for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.errors import SettingsError
from diagnostics.profile import SYSTEMS
from diagnostics.settings import Settings, load, shown
from diagnostics.thresholds import Limits

CANARY = "c4n4ry-S3CR3T-v4lu3"
MINIMAL = 'name = "p"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of profiles, as beside a checkout."""
    (tmp_path / "sandbox.toml").write_text(MINIMAL)
    (tmp_path / "production.toml").write_text(MINIMAL)
    return tmp_path


def read(folder: Path, text: str, **environ: str) -> Settings:
    """The settings of a profile with this text in this environment."""
    (folder / "p.toml").write_text(text, encoding="utf-8")
    return load("p", environ=environ, root=folder, folders=(folder,))


def refusal(folder: Path, text: str, **environ: str) -> str:
    """The one line that refuses it."""
    with pytest.raises(SettingsError) as refused:
        read(folder, text, **environ)
    (line,) = str(refused.value).splitlines()
    return line


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("prodction", "profile 'prodction' is not known; did you mean 'production'?"),
        ("zzz", "profile 'zzz' is not known; known profiles: production, sandbox"),
        ("nowhere/p.toml", "profile file nowhere/p.toml does not exist"),
        ("nowhere.toml", "profile file nowhere.toml does not exist"),
        ("", "no profile given: pass --profile NAME or set RUNBOOK_PROFILE (try: --profile sandbox)"),
        (None, "no profile given: pass --profile NAME or set RUNBOOK_PROFILE (try: --profile sandbox)"),
    ],
)
def test_unknown_profile(folder: Path, asked: str | None, line: str) -> None:
    """A profile that is not there is refused with the nearest name or the way to give one."""
    with pytest.raises(SettingsError) as refused:
        load(asked, environ={}, root=folder, folders=(folder,))
    assert str(refused.value) == line


def test_no_profiles_at_all(tmp_path: Path) -> None:
    """A folder that does not exist is no crash."""
    with pytest.raises(SettingsError, match="known profiles: none"):
        load("p", environ={}, root=tmp_path, folders=(tmp_path / "none",))


def test_the_profile_may_come_from_the_environment(folder: Path) -> None:
    """RUNBOOK_PROFILE names it; an argument goes before."""
    (folder / "other.toml").write_text('name = "other"')
    environ = {"RUNBOOK_PROFILE": "other"}
    assert load(None, environ=environ, root=folder, folders=(folder,)).profile.name == "other"
    assert load("sandbox", environ=environ, root=folder, folders=(folder,)).profile.name == "p"


def test_a_file_may_be_given_by_path(folder: Path) -> None:
    """A path needs no folder."""
    assert load(str(folder / "sandbox.toml"), environ={}, root=folder, folders=()).profile.name == "p"


def test_the_first_folder_wins(folder: Path, tmp_path: Path) -> None:
    """./profiles goes before the checkout's, that before the wheel's."""
    near = tmp_path / "near"
    near.mkdir()
    (near / "sandbox.toml").write_text('name = "near"')
    assert load("sandbox", environ={}, root=folder, folders=(near, folder)).profile.name == "near"


BAD = {
    "no name": ("", "name: Field required"),
    "unknown top key": (MINIMAL + "workers = 1", "workers is not a known key; did you mean 'worker'?"),
    "unknown key": (
        MINIMAL + '[worker]\nbase_urll = "http://x"',
        "worker.base_urll is not a known key; did you mean 'base_url'?",
    ),
    "far from any key": (MINIMAL + "[worker]\nzzzzz = 1", "worker.zzzzz is not a known key"),
    "secret in place of its variable": (
        MINIMAL + f'[redis]\nurl = "rediss://default:{CANARY}@h:6379"',
        "redis.url is not a known key",
    ),
    "secret as a variable's name": (
        MINIMAL + f'[railway]\ntoken_env = "{CANARY}"',
        "railway.token_env: String should match",
    ),
    "url as a variable's name": (
        MINIMAL + f'[redis]\nurl_env = "rediss://default:{CANARY}@h:6379"',
        "redis.url_env: String should match",
    ),
    "not a table": (MINIMAL + "worker = 5", "worker: Input should be a valid dictionary"),
    "not a url": (MINIMAL + '[worker]\nbase_url = "worker.example"', "worker.base_url: must be a complete http://"),
    "url without host": (MINIMAL + '[worker]\nbase_url = "http://"', "worker.base_url: must be a complete http://"),
    "url with a bad port": (
        MINIMAL + '[worker]\nbase_url = "http://h:99999"',
        "worker.base_url: must be a complete http://",
    ),
    "url with a space": (MINIMAL + '[worker]\nbase_url = "http://h h"', "worker.base_url: must be a complete http://"),
    "url with half an address": (MINIMAL + '[worker]\nbase_url = "http://[::1"', "worker.base_url: Invalid IPv6 URL"),
    "other scheme": (MINIMAL + '[worker]\nbase_url = "ftp://h"', "worker.base_url: must be a complete http://"),
    "replicas zero": (
        MINIMAL + "[worker]\nexpected_replicas = 0",
        "worker.expected_replicas: Input should be greater than 0",
    ),
    "replicas text": (
        MINIMAL + '[worker]\nexpected_replicas = "two"',
        "worker.expected_replicas: Input should be a valid integer",
    ),
    "no queue": (MINIMAL + "[queue]\nnames = []", "queue.names: Tuple should have at least 1 item"),
    "queue name a number": (MINIMAL + "[queue]\nnames = [5]", "queue.names.0: Input should be a valid string"),
    "threshold one number": (
        MINIMAL + "[thresholds]\nqueue_depth_jobs = 5",
        "thresholds.queue_depth_jobs: must be two numbers, [warning, critical]",
    ),
    "threshold of texts": (
        MINIMAL + '[thresholds]\nqueue_depth_jobs = ["a", "b"]',
        "thresholds.queue_depth_jobs: must be two numbers",
    ),
    "threshold of three": (
        MINIMAL + "[thresholds]\nerror_ratio = [1, 2, 3]",
        "thresholds.error_ratio: must be two numbers",
    ),
    "threshold reversed": (
        MINIMAL + "[thresholds]\np95_s = [5, 2]",
        "thresholds.p95_s: must be [warning, critical], both",
    ),
    "threshold negative": (
        MINIMAL + "[thresholds]\np95_s = [-1, 2]",
        "thresholds.p95_s: must be [warning, critical], both",
    ),
    "threshold NaN": (
        MINIMAL + "[thresholds]\np95_s = [nan, 2]",
        "thresholds.p95_s: must be [warning, critical], both",
    ),
    "threshold infinite": (
        MINIMAL + "[thresholds]\np95_s = [1, inf]",
        "thresholds.p95_s: must be [warning, critical], both",
    ),
    "down infinite": (
        MINIMAL + "[thresholds]\nworker_down_s = inf",
        "thresholds.worker_down_s: Input should be less than",
    ),
    "down NaN": (MINIMAL + "[thresholds]\nworker_down_s = nan", "thresholds.worker_down_s: Input should be less than"),
    "escalation far off": (
        MINIMAL + "[thresholds]\nescalate_after_min = 1e300",
        "thresholds.escalate_after_min: Input should be less than",
    ),
    "deadline zero": (MINIMAL + "[budget]\ndeadline_s = 0", "budget.deadline_s: Input should be greater than 0"),
    "deadline long": (
        MINIMAL + "[budget]\ndeadline_s = 601",
        "budget.deadline_s: Input should be less than or equal to 600",
    ),
    "budget fraction": (
        MINIMAL + "[budget]\nredis_commands = 1.5",
        "budget.redis_commands: Input should be a valid integer",
    ),
    "language": ('language = "de"\n' + MINIMAL, "language: Input should be 'en' or 'ru'"),
    "time zone": (
        'timezone = "Europe/Moskow"\n' + MINIMAL,
        "timezone: is not a time zone; write it like Europe/Moscow",
    ),
    "time zone path": ('timezone = "../../etc/passwd"\n' + MINIMAL, "timezone: is not a time zone"),
    "token kind": (
        MINIMAL + '[railway]\ntoken_kind = "x"',
        "railway.token_kind: Input should be 'project' or 'account'",
    ),
    "contact without name": (MINIMAL + '[[contacts]]\nurl = "a"', "contacts.0.name: Field required"),
    "not TOML": ("name = ", "profile p.toml is not valid TOML"),
    "not TOML with a secret": (f'token = "{CANARY}', "profile p.toml is not valid TOML"),
}


@pytest.mark.parametrize(("text", "line"), BAD.values(), ids=BAD)
def test_mistakes_are_one_line_that_names_the_thing(folder: Path, text: str, line: str) -> None:
    """Every refusal names file and key; none repeats a value, which may be a secret."""
    told = refusal(folder, text)
    assert line in told
    assert told.startswith("profile p.toml")
    assert CANARY not in told


def test_profile_that_is_no_text(folder: Path) -> None:
    """A binary file is refused, not a crash."""
    (folder / "p.toml").write_bytes(b"\xff\xfe name")
    with pytest.raises(SettingsError, match="is not valid TOML"):
        load("p", environ={}, root=folder, folders=(folder,))


@pytest.mark.parametrize("content", [b"TOKEN=\xff\xfe\xfa", b"\x80"])
def test_env_file_that_is_no_text(folder: Path, content: bytes) -> None:
    """Bytes of an env file are not repeated."""
    (folder / "env").write_bytes(content)
    assert refusal(folder, 'env_file = "env"\n' + MINIMAL) == "env_file env cannot be read as text"


OVERLAY = MINIMAL + '[worker]\nbase_url = "http://profile"\n[railway]\n'


@pytest.mark.parametrize(
    ("variable", "value", "path", "expected"),
    [
        ("RUNBOOK_WORKER__BASE_URL", "https://environment/", "worker.base_url", "https://environment"),
        ("RUNBOOK_WORKER__EXPECTED_REPLICAS", "4", "worker.expected_replicas", 4),
        ("RUNBOOK_RAILWAY__PROJECT_ID", "12345", "railway.project_id", "12345"),
        ("RUNBOOK_RAILWAY__PROJECT_ID", "007", "railway.project_id", "007"),
        ("RUNBOOK_QUEUE__NAMES", '["a", "b"]', "queue.names", ("a", "b")),
        ("RUNBOOK_QUEUE__PREFIX", "9", "queue.prefix", "9"),
        ("RUNBOOK_THRESHOLDS__QUEUE_DEPTH_JOBS", "[1, 2]", "thresholds.queue_depth_jobs", Limits(1, 2)),
        ("RUNBOOK_THRESHOLDS__WORKER_DOWN_S", "30.5", "thresholds.worker_down_s", 30.5),
        ("RUNBOOK_BUDGET__REDIS_COMMANDS", "99", "budget.redis_commands", 99),
        ("RUNBOOK_VARIABLES__WORKER__REQUIRED", '["A"]', "variables.worker.required", ("A",)),
        ("RUNBOOK_LANGUAGE", "ru", "language", "ru"),
        ("RUNBOOK_TIMEZONE", "Europe/Moscow", "timezone", "Europe/Moscow"),
    ],
)
def test_the_environment_goes_before_the_profile(
    folder: Path, variable: str, value: str, path: str, expected: object
) -> None:
    """Any key of a section may come from the environment."""
    found: object = read(folder, OVERLAY, **{variable: value}).profile
    for part in path.split("."):
        found = getattr(found, part)
    assert found == expected


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        (
            "RUNBOOK_WORKR__BASE_URL",
            CANARY,
            "RUNBOOK_WORKR__BASE_URL: the profile has no section WORKR; did you mean WORKER?",
        ),
        ("RUNBOOK_ZZZ__X", CANARY, "RUNBOOK_ZZZ__X: the profile has no section ZZZ"),
        ("RUNBOOK_WORKER__BASEURL", CANARY, "worker.baseurl is not a known key; did you mean 'base_url'?"),
        ("RUNBOOK_WORKER__A__B", CANARY, "worker.a is not a known key"),
        ("RUNBOOK_WORKER__BASE_URL", CANARY, "worker.base_url: must be a complete http://"),
        ("RUNBOOK_QUEUE__NAMES", "[" + CANARY, "queue.names: Input should be a valid tuple"),
        ("RUNBOOK_QUEUE__NAMES", "[" * 10_000, "queue.names: Input should be a valid tuple"),
        ("RUNBOOK_BUDGET__DEADLINE_S", CANARY, "budget.deadline_s: Input should be a valid number"),
        ("RUNBOOK_RAILWAY__TOKEN_ENV", CANARY, "railway.token_env: String should match pattern"),
    ],
)
def test_mistakes_in_the_environment_never_repeat_the_value(folder: Path, variable: str, value: str, line: str) -> None:
    """A value of the environment may be a secret that landed in the wrong variable."""
    told = refusal(folder, OVERLAY, **{variable: value})
    assert line in told
    assert CANARY not in told


def test_env_file_goes_before_the_profile_and_after_the_environment(folder: Path) -> None:
    """Precedence: environment > env_file > profile."""
    (folder / "env").write_text(
        "RUNBOOK_WORKER__BASE_URL=http://file\nRUNBOOK_QUEUE__PREFIX=file\nREDIS_URL=redis://file\n"
    )
    text = 'env_file = "env"\n' + OVERLAY + "[redis]\n"
    settings = read(folder, text, RUNBOOK_WORKER__BASE_URL="http://environment")
    assert settings.profile.worker is not None
    assert settings.profile.worker.base_url == "http://environment"
    assert settings.profile.queue.prefix == "file"
    assert settings.secret("REDIS_URL") == "redis://file"


def test_another_env_file_may_be_named(folder: Path) -> None:
    """RUNBOOK_ENV_FILE takes the place of the profile's."""
    (folder / "one").write_text("RUNBOOK_QUEUE__PREFIX=one")
    (folder / "two").write_text("RUNBOOK_QUEUE__PREFIX=two")
    assert read(folder, 'env_file = "one"\n' + MINIMAL, RUNBOOK_ENV_FILE="two").profile.queue.prefix == "two"


def test_a_missing_env_file_is_nothing(folder: Path) -> None:
    """The sandbox writes its file later; unset variables become blind spots then."""
    assert read(folder, 'env_file = "none"\n' + MINIMAL).secrets == {}


def test_env_file_values_are_taken_literally(folder: Path) -> None:
    """A secret may contain a dollar sign."""
    (folder / "env").write_text("REDIS_URL='redis://u:a$HOME@h'\n")
    settings = read(folder, 'env_file = "env"\n' + MINIMAL + "[redis]\n", HOME="/x")
    assert settings.secret("REDIS_URL") == "redis://u:a$HOME@h"


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_absent_section_stays_absent(folder: Path, system: str) -> None:
    """What the environment says makes no system of one that the profile does not have."""
    environ = {
        "RUNBOOK_WORKER__BASE_URL": "http://x",
        "RUNBOOK_REDIS__EXPECTED_HOST": "x",
        "RUNBOOK_RAILWAY__PROJECT_ID": "x",
        "RUNBOOK_OPENROUTER__BASE_URL": "http://x",
        "RUNBOOK_PROMETHEUS__BASE_URL": "http://x",
        "RUNBOOK_HISTORY__PATH": "x",
        "REDIS_URL": "redis://x",
    }
    settings = read(folder, MINIMAL, **environ)
    assert getattr(settings.profile, system) is None
    assert settings.facts().systems == ()
    assert settings.secrets == {}


def test_secrets_are_those_the_profile_names(folder: Path) -> None:
    """Only variables that a section names are taken; an empty one is unset, a blank around one is cut."""
    text = MINIMAL + '[redis]\nurl_env = "MY_REDIS"\n[railway]\n[openrouter]\n'
    settings = read(folder, text, MY_REDIS=" redis://h ", RAILWAY_TOKEN="  ", OTHER_TOKEN=CANARY)
    assert settings.secret("MY_REDIS") == "redis://h"
    assert settings.secret("RAILWAY_TOKEN") is None
    assert settings.secret("OPENROUTER_API_KEY") is None
    assert set(settings.secrets) == {"MY_REDIS"}


def test_no_representation_shows_a_secret(folder: Path) -> None:
    """Printing settings or facts is safe."""
    settings = read(folder, MINIMAL + "[redis]\n[railway]\n", REDIS_URL=f"redis://u:{CANARY}@h:1", RAILWAY_TOKEN=CANARY)
    for told in (repr(settings), str(settings), repr(settings.facts()), settings.model_dump_json()):
        assert CANARY not in told
    assert settings.facts().redis_host == "h"


@pytest.mark.parametrize("url", ["redis://[bad", "nonsense", "redis://u:p/w@h", "", "redis://"])
def test_a_malformed_redis_address_is_no_crash(folder: Path, url: str) -> None:
    """Facts are drawn from whatever the variable holds."""
    assert isinstance(read(folder, MINIMAL + "[redis]\n", REDIS_URL=url).facts().redis_host, str)


@pytest.mark.parametrize(
    ("environ", "host", "names"),
    [
        ({}, "", ()),
        ({"UPSTASH_REDIS_REST_URL": "https://b.upstash.io"}, "b.upstash.io", ()),
        (
            {"UPSTASH_REDIS_REST_URL": "https://b.upstash.io", "UPSTASH_REDIS_REST_TOKEN": CANARY},
            "b.upstash.io",
            ("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN"),
        ),
        (
            {
                "UPSTASH_REDIS_REST_URL": "https://b.upstash.io",
                "UPSTASH_REDIS_REST_TOKEN": CANARY,
                "REDIS_URL": f"rediss://default:{CANARY}@a.upstash.io:6379",
            },
            "a.upstash.io",
            (),
        ),
    ],
)
def test_facts_tell_the_way_to_redis(folder: Path, environ: dict[str, str], host: str, names: tuple[str, ...]) -> None:
    """Only where REST is the one way do commands go that way; the host is that of the first way."""
    facts = read(folder, MINIMAL + "[redis]\n", **environ).facts()
    assert (facts.redis_host, facts.rest_variables) == (host, names)
    assert CANARY not in repr(facts)


def test_facts_carry_what_checks_need(folder: Path) -> None:
    """The profile's words reach the checks without their secrets."""
    text = (
        MINIMAL + '[worker]\nbase_url = "http://u:p@h:8080/x/?k=v"\nexpected_replicas = 3\n'
        '[queue]\nnames = ["a"]\norphans = []\ndead_letter = ["d"]\nprefix = "q"\n'
        '[variables.worker]\nrequired = ["A"]\n[redis]\nca_file = "ca.pem"\n'
    )
    facts = read(folder, text).facts()
    assert facts.worker_url == "http://h:8080/x"
    assert (facts.queue_names, facts.queue_orphans, facts.dead_letter_queues, facts.queue_prefix) == (
        ("a",),
        (),
        ("d",),
        "q",
    )
    assert (facts.expected_replicas, facts.required_variables, facts.has_own_ca) == (3, ("A",), True)
    assert facts.systems == ("worker", "redis")


def test_thresholds_default_to_the_runbook_s(folder: Path) -> None:
    """500/1000 jobs, 1/5 %, 2/5 s, 60 s, 15 min."""
    limits = read(folder, MINIMAL).thresholds()
    assert (limits.queue_depth_jobs, limits.error_ratio) == (Limits(500, 1000), Limits(0.01, 0.05))
    assert (limits.p95_s, limits.worker_down_s, limits.escalate_after_min) == (Limits(2, 5), Limits(None, 60), 15)


@pytest.mark.parametrize("name", ["sandbox", "production"])
def test_the_profiles_of_the_project_are_valid(name: str) -> None:
    """Both profiles load without any variable set."""
    root = Path(__file__).resolve().parents[2]
    settings = load(name, environ={}, root=root / "nowhere", folders=(root / "profiles",))
    assert settings.profile.name == name
    assert {"worker", "redis", "railway", "openrouter", "history"} <= set(settings.facts().systems) <= set(SYSTEMS)


@given(
    user=st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=8),
    secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=20),
    path=st.sampled_from(["", "/", "/a/b"]),
)
def test_a_shown_address_has_no_user_query_or_fragment(user: str, secret: str, path: str) -> None:
    """The only form that may be printed keeps scheme, host, port and path."""
    told = shown(f"https://{user}:{secret}@Host.example:8443{path}?token={secret}#{secret}")
    assert told == f"https://host.example:8443{path}".rstrip("/")


@given(
    st.dictionaries(
        st.from_regex(r"RUNBOOK_[A-Z_]{1,12}(__[A-Z_]{1,8}){0,2}", fullmatch=True), st.text(max_size=20), max_size=4
    )
)
def test_any_environment_gives_settings_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]
) -> None:
    """No variable crashes the reading of a profile."""
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.toml").write_text(MINIMAL + "[worker]\n[redis]\n")
    environ.pop("RUNBOOK_ENV_FILE", None)
    try:
        load("any", environ=environ, root=folder, folders=(folder,))
    except SettingsError as refused:
        assert len(str(refused).splitlines()) == 1
