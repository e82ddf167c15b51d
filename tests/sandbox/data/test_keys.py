"""Keys and tokens of a project."""

import pytest

from sandbox.data.keys import Keyring, TokenExpired, TokenRefused, new_project_ref, new_secret_key


def test_a_key_stands_for_its_role_until_it_is_revoked() -> None:
    """Two keys of one role may be in force at once."""
    ring = Keyring(project_ref=new_project_ref())
    old, new = ring.issue("service_role", "old"), ring.issue("service_role", "new")
    ring.revoke(old)
    assert (ring.role_of(old), ring.role_of(new), ring.role_of("")) == (None, "service_role", None)


def test_keys_have_the_vendors_forms() -> None:
    """The validators of frontend and worker ask for more than fifty characters."""
    ring = Keyring(project_ref=new_project_ref())
    anon, secret = ring.issue("anon", "anon"), new_secret_key()
    assert anon.startswith("eyJ") and anon.count(".") == 2 and len(anon) > 50
    assert secret.startswith("sb_secret_") and len(secret) > 50
    assert len(ring.project_ref) == 20 and ring.project_ref.isalpha() and ring.project_ref.islower()


def test_another_projects_key_is_not_known() -> None:
    """However well-formed it is."""
    ours, theirs = (Keyring(project_ref=new_project_ref()) for _ in range(2))
    foreign = theirs.issue("anon", "anon")
    assert ours.role_of(foreign) is None
    with pytest.raises(TokenRefused):
        ours.claims_of(foreign)


def test_a_token_gives_its_claims_until_it_expires() -> None:
    """Expired is told apart from forged."""
    ring = Keyring(project_ref=new_project_ref())
    assert ring.claims_of(ring.token({"role": "authenticated", "sub": "u"}))["sub"] == "u"
    with pytest.raises(TokenExpired):
        ring.claims_of(ring.token({"role": "authenticated"}, lifetime_s=-1))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.b.c.d"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """Whatever its shape."""
    with pytest.raises(TokenRefused):
        Keyring(project_ref=new_project_ref()).claims_of(token)
