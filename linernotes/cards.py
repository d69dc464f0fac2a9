"""The data sets' cards with what is loaded of each: for the command line and for the HTTP API."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Card
from queries import Loaded


def as_json(loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return cards and what is loaded: `loaded` is null where nothing is, or where that isn't known (`known`)."""
    rows = [with_loaded(card, loaded) for card in CARDS.values()]
    return {"known": loaded is not None, "datasets": rows, "note": PRESENCE_IS_NO_PROOF}


def one_as_json(dataset: str, loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return the card of one data set, in the same form."""
    return {
        "known": loaded is not None,
        "dataset": with_loaded(CARDS[dataset], loaded),
        "note": PRESENCE_IS_NO_PROOF,
    }


def with_loaded(card: Card, loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return a card, and as `loaded` what of it is loaded."""
    return asdict(card) | {"loaded": loaded[card.id].as_json() if loaded and card.id in loaded else None}
