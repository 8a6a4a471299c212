"""Secrets: in the environment or in the system's keyring, and never in the desk, a log or an error."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import keyring.errors
from pydantic import SecretStr

from tocsin.errors import FetchError

SERVICE = "tocsin"
"""The name under which the keyring keeps them."""


class Keyring(Protocol):
    """What is asked of a back end of the keyring."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""

    def delete_password(self, service: str, username: str) -> None:
        """Drop a secret."""


@dataclass(frozen=True)
class Secrets:
    """Where secrets are looked for: the environment first, then the keyring, if the system has one."""

    environment: Mapping[str, str] = field(repr=False)
    keyring: Keyring | None = field(repr=False)

    def find(self, name: str) -> SecretStr | None:
        """The secret of a name ("acled_password"), or None. White space around it is dropped.

        Raises:
            FetchError: the keyring is locked or out of order.
        """
        told = self.environment.get(variable(name), "").strip()
        return SecretStr(told) if told else self.kept(name)

    def need(self, *names: str, what: str) -> tuple[SecretStr, ...]:
        """The secrets of these names, all of them.

        Args:
            names: Such as "acled_user", "acled_password".
            what: What they are, for the message.

        Raises:
            FetchError: one is nowhere; with what to do.
        """
        found = [self.find(name) for name in names]
        if not all(found):
            missing = [name for name, secret in zip(names, found, strict=True) if not secret]
            raise FetchError(f"{what} is needed, and was not found", next_step=self._how_to_give(missing))
        return tuple(secret for secret in found if secret)

    def kept(self, name: str) -> SecretStr | None:
        """The secret that the keyring has under a name, or None.

        Raises:
            FetchError: the keyring is locked or out of order.
        """
        if self.keyring is None:
            return None
        try:
            told = (self.keyring.get_password(SERVICE, name) or "").strip()
        except keyring.errors.KeyringError:  # its words are left out: a back end may quote what it was given
            raise FetchError(
                "the system's keyring does not answer",
                next_step=f"Unlock it; or give the secret in the environment: {variable(name)}",
            ) from None
        return SecretStr(told) if told else None

    def keep(self, name: str, secret: SecretStr) -> bool:
        """Keep a secret in the keyring; False where that is not possible."""
        if self.keyring is None:
            return False
        try:
            self.keyring.set_password(SERVICE, name, secret.get_secret_value())
        except keyring.errors.KeyringError:
            return False
        return True

    def forget(self, name: str) -> None:
        """Drop a secret from the keyring, if it is there."""
        if self.keyring is None:
            return
        try:
            self.keyring.delete_password(SERVICE, name)
        except keyring.errors.KeyringError:
            return  # it is not there, or the keyring is locked: then it is found stale again, and asked to be dropped again

    def _how_to_give(self, names: list[str]) -> str:
        variables = " and ".join(variable(name) for name in names)
        if self.keyring is None:
            return f"Set {variables} in the environment: this system has no keyring. The desk never holds them."
        commands = " and ".join(f'"keyring set {SERVICE} {name}"' for name in names)
        return f"Keep it in the system's keyring with {commands}, or set {variables} in the environment. The desk never holds them."


def variable(name: str) -> str:
    """The environment variable of a secret: TOCSIN_ACLED_PASSWORD of "acled_password"."""
    return f"TOCSIN_{name.upper()}"


def of_this_system() -> Secrets:
    """The secrets of whoever runs this."""
    backend = keyring.get_keyring()
    return Secrets(os.environ, backend if backend.priority > 0 else None)
