"""Shapes of the data sets' cards."""

from dataclasses import fields as fields_of
from typing import Any, get_type_hints

from pydantic import create_model

from linernotes.web.api.models.shape import Count, Note, Shape
from mappings.cards import Card


class Generation(Shape):
    """What of a data set is loaded."""

    records: Count
    generation: str
    revision: str | None


_HINTS = get_type_hints(Card)
_CARD: dict[str, Any] = {each.name: (_HINTS[each.name], ...) for each in fields_of(Card)}
_CARD |= {"loaded": (Generation | None, ...)}
_ORIGIN = "A data set's card: origin, licence, acknowledged use with its sources, and what of it is loaded here."
DataSet: type[Shape] = create_model("DataSet", __base__=Shape, __doc__=_ORIGIN, **_CARD)


class DataSets(Shape):
    """All cards. `known` is false where Elasticsearch couldn't say what is loaded."""

    known: bool
    datasets: list[DataSet]  # type: ignore[valid-type]  # made from the card
    note: Note


class OneDataSet(Shape):
    """One card."""

    known: bool
    dataset: DataSet  # type: ignore[valid-type]  # made from the card
    note: Note
