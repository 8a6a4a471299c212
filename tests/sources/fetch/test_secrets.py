"""Where secrets are found, and what is said when they are not."""

from __future__ import annotations

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import pytest
from pydantic import SecretStr

from tests.sources.fetch.conftest import FakeKeyring, assert_hidden
from tests.sources.fetch.servers import PASSWORD
from tocsin.errors import FetchError
from tocsin.sources.secrets import Secrets, of_this_system


def test_the_environment_goes_before_the_keyring(fake_keyring: FakeKeyring) -> None:
    fake_keyring.entries |= {"acled_password": "of the keyring"}
    told = Secrets({"TOCSIN_ACLED_PASSWORD": f" {PASSWORD}\n"}, fake_keyring).find("acled_password")
    assert told == SecretStr(PASSWORD)
    kept = Secrets({"TOCSIN_ACLED_PASSWORD": " "}, fake_keyring).find("acled_password")
    assert kept == SecretStr("of the keyring")


def test_what_is_missing_is_named_with_what_to_do(fake_keyring: FakeKeyring) -> None:
    with pytest.raises(FetchError) as error:
        Secrets({"TOCSIN_ACLED_USER": "somebody"}, fake_keyring).need("acled_user", "acled_password", what="an account")
    assert "an account is needed" in str(error.value)
    assert "keyring set tocsin acled_password" in str(error.value)
    assert "TOCSIN_ACLED_PASSWORD" in str(error.value)
    assert "acled_user" not in str(error.value)


def test_without_a_keyring_the_environment_is_named() -> None:
    with pytest.raises(FetchError, match="no keyring") as error:
        Secrets({}, None).need("ucdp_token", what="a token")
    assert "TOCSIN_UCDP_TOKEN" in str(error.value)
    assert "keyring set" not in str(error.value)


def test_a_locked_keyring_is_told_without_its_words() -> None:
    locked = FakeKeyring(acled_password=PASSWORD)
    locked.locked = True
    secrets = Secrets({}, locked)
    with pytest.raises(FetchError, match="TOCSIN_ACLED_PASSWORD") as error:
        secrets.find("acled_password")
    assert_hidden(f"{error.value} {error.value!r}")
    assert error.value.__suppress_context__
    assert not secrets.keep("acled_password", SecretStr(PASSWORD))
    secrets.forget("acled_password")


def test_a_secret_is_kept_and_forgotten(fake_keyring: FakeKeyring) -> None:
    secrets = Secrets({}, fake_keyring)
    assert secrets.keep("acled_password", SecretStr(PASSWORD))
    assert secrets.find("acled_password") == SecretStr(PASSWORD)
    secrets.forget("acled_password")
    secrets.forget("acled_password")
    assert secrets.find("acled_password") is None
    without = Secrets({}, None)
    assert not without.keep("acled_password", SecretStr(PASSWORD))
    without.forget("acled_password")


def test_nothing_shows_a_secret_when_it_is_looked_at() -> None:
    secrets = Secrets({"TOCSIN_ACLED_PASSWORD": PASSWORD}, FakeKeyring(acled_user=PASSWORD))
    assert_hidden(f"{secrets!r} {secrets} {secrets.find('acled_password')!r} {secrets.find('acled_password')}")


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring])
def test_a_back_end_that_keeps_nothing_is_none(
    backend: type[keyring.backend.KeyringBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", backend)
    monkeypatch.setenv("TOCSIN_UCDP_TOKEN", "of the environment")
    here = of_this_system()
    assert here.keyring is None
    assert here.find("ucdp_token") == SecretStr("of the environment")
