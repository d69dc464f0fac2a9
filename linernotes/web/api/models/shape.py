"""What all shapes are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from queries import Stage

Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
ByDataset = Annotated[dict[str, Count], Field(description="Tracks, by data set.")]
TookMs = Annotated[Count, Field(description="Milliseconds when it was asked; a kept answer says the same again.")]
Next = Annotated[str | None, Field(description="Cursor of the next page: `after` of the same address.")]
FoundBy = Annotated[Stage | None, Field(description="How the text was met; null without one.")]
Cut = Annotated[bool, Field(description="Whether only the first words of the text were asked.")]
Note = Annotated[str, Field(description="What presence in a data set doesn't prove.")]


class Shape(BaseModel):
    """An object with the properties that are named, and no others."""

    model_config = ConfigDict(extra="forbid")


class Problem(Shape):
    """What went wrong, in one sentence (RFC 9457), and what to do."""

    type: Annotated[str, Field(description="Always about:blank: the status says it all.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    hint: str


class Alive(Shape):
    """That the server is alive, or ready."""

    status: str
