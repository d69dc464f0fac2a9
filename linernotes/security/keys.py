"""API keys: created for a role and a prefix, listed, revoked. A key's secret is shown once, when it is created."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from linernotes.security import roles
from mappings.errors import InputError, UnreachableError

# By this field of its metadata a key is known as ours; the prefix beside it says whose indices it opens.
MADE_BY = "linernotes"
MANAGE_ALL = "manage_api_key"


@dataclass(frozen=True, repr=False)
class NewKey:
    """A key as it is shown once. `encoded` is its secret, for LINERNOTES_API_KEY; the repr has none of it."""

    id: str
    name: str
    role: str
    encoded: str


@dataclass(frozen=True)
class Key:
    """A key as it is listed: without its secret. `state` is active, revoked or expired; times are ISO 8601, UTC."""

    id: str
    name: str
    role: str
    created: str
    expires: str | None
    state: str


def create(client: Elasticsearch, prefix: str, role_name: str, name: str | None, days: int | None) -> NewKey:
    """Make a key of a role for the indices of a prefix.

    Raises InputError for an unknown role, UnreachableError where our own credentials can't make keys.
    """
    role = roles.role(role_name)
    name = name or f"{prefix}-{role.name}"
    try:
        made = client.security.create_api_key(
            name=name,
            role_descriptors={role.name: role.descriptor(prefix)},
            expiration=f"{days}d" if days else None,
            metadata={MADE_BY: {"role": role.name, "prefix": prefix}},
        )
    except ApiError as error:
        raise _translate(error) from error
    return NewKey(made["id"], name, role.name, made["encoded"])


def listed(client: Elasticsearch, prefix: str, now: datetime | None = None) -> list[Key]:
    """Return the keys of a prefix, the newest first."""
    try:
        response = _query(client)
    except ApiError as error:
        raise _translate(error) from error
    ours = (entry for entry in response if (entry.get("metadata") or {}).get(MADE_BY, {}).get("prefix") == prefix)
    newest_first = sorted(ours, key=lambda entry: (-entry["creation"], entry["id"]))
    return [_key(entry, now or datetime.now(UTC)) for entry in newest_first]


def revoke(client: Elasticsearch, prefix: str, key_id: str) -> Key:
    """Revoke a key by its id and return it. Raises InputError for one that isn't ours; twice is no error."""
    ours = {key.id: key for key in listed(client, prefix)}
    if key_id not in ours:
        raise InputError(f"There is no key with the id {key_id} here.", "Show them with: linernotes keys list")
    if ours[key_id].state != "revoked":
        try:
            client.security.invalidate_api_key(ids=[key_id], owner=not _manages_all(client))
        except ApiError as error:
            raise _translate(error) from error
    return next(key for key in listed(client, prefix) if key.id == key_id)


def _query(client: Elasticsearch) -> list[dict[str, Any]]:
    """Return the keys that we may see: everybody's, else those that we made ourselves."""
    response: list[dict[str, Any]] = client.security.get_api_key(owner=not _manages_all(client))["api_keys"]
    return response


def _manages_all(client: Elasticsearch) -> bool:
    """Tell whether we may manage everybody's keys; `manage_own_api_key` is about our own ones alone."""
    return bool(client.security.has_privileges(cluster=[MANAGE_ALL])["cluster"][MANAGE_ALL])


def _key(entry: Mapping[str, Any], now: datetime) -> Key:
    ends = entry.get("expiration")
    over = ends is not None and ends <= now.timestamp() * 1000
    state = "revoked" if entry["invalidated"] else "expired" if over else "active"
    role = entry["metadata"][MADE_BY]["role"]
    return Key(entry["id"], entry["name"], role, _time(entry["creation"]), _time(ends) if ends else None, state)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _translate(error: ApiError) -> Exception:
    """Return why this cluster creates no keys, or not for this user; any other error as it is."""
    reason = str(error.body)
    if "derived" in reason:
        return UnreachableError(
            "A key can't make another key.",
            "Set LINERNOTES_USERNAME and LINERNOTES_PASSWORD_FILE to a user who may, and leave LINERNOTES_API_KEY out.",
        )
    if error.status_code in (400, 405) and ("_security" in reason or "no handler found" in reason):
        return UnreachableError(
            "This Elasticsearch runs without security, so it has no keys.",
            "Start the local one with: linernotes node start --secure",
        )
    return error
