"""Cards: complete, sourced, and true of the sample rows where they say so."""

import pytest

from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, PRESS, SECOND_HAND, SELF_DISCLOSED, Card
from tests.sources.support import FMA, FMA_TRACKS, SPOTIFY, SPOTIFY_ORIGINAL, tracks


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_a_card_is_complete(card: Card) -> None:
    assert all((card.name, card.published_count, card.released, card.platform, card.licence, card.golden))
    assert card.revision.startswith(str(card.released_year))
    assert all(address.startswith("https://") for address in card.addresses)


def test_a_claim_says_who_says_so() -> None:
    claims = [claim for card in CARDS.values() for claim in card.used_by]
    assert all((claim.claim, claim.user, claim.said_by) for claim in claims)
    assert {claim.kind for claim in claims} <= {SELF_DISCLOSED, PRESS, SECOND_HAND}


def test_presence_is_one_sentence() -> None:
    assert PRESENCE_IS_NO_PROOF.count(".") == 1


@pytest.mark.parametrize(("dataset", "path"), [(FMA, FMA_TRACKS), (SPOTIFY, SPOTIFY_ORIGINAL)])
def test_golden_queries_are_in_the_real_rows_where_they_say_so(dataset: str, path: object) -> None:
    frame = tracks(dataset, path)  # type: ignore[arg-type]
    names = {(artists[0], title) for artists, title in frame.select("artists", "title").iter_rows() if artists}
    golden = {(query.artist, query.title) for query in CARDS[dataset].golden if query.sampled}
    assert golden
    assert golden <= names
