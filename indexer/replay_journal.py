"""The journal of a replay: what it has moved, written in one step with the right to go on.

It is a part of the load's record in the ledger, `plan.replay`, that is there from the first step to the last:

    (none) --open--> owner, moved, gone --write, once for each body--> ... --close--> (none), totals brought up to date

`moved` is what the totals change by, `gone` the rejected records that the last body settled. A replay that is killed
leaves the journal behind; the next one removes what is gone, and goes on. Each write proves with the sequence number
of the one before that nobody else wrote meanwhile.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from indexer.patience import Patience
from indexer.totals import Totals
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index


@dataclass
class Journal:
    """One generation's record in the ledger; the caller holds the data set's lease."""

    client: Elasticsearch
    generation: Generation
    owner: str
    patience: Patience
    moved: Totals = field(default_factory=Totals)
    gone: list[str] = field(default_factory=list)
    interrupted: bool = False
    _source: dict[str, Any] = field(default_factory=dict, repr=False)
    _proof: dict[str, Any] = field(default_factory=dict, repr=False)

    def read(self) -> None:
        """Read the record, and what a replay that was ended left in it."""
        try:
            self._take(self._get())
        except NotFoundError as error:
            raise InputError(
                f"The ledger knows nothing of {self.generation.index}.",
                f"Load it again: linernotes load {self.generation.dataset} PATH... --fresh",
            ) from error
        left: dict[str, Any] = self._plan.get("replay", {})
        self.interrupted = bool(left)
        self.moved, self.gone = Totals(**left.get("moved", {})), list(left.get("gone", ()))

    @property
    def _plan(self) -> dict[str, Any]:
        return dict(self._source["plan"])

    @property
    def files(self) -> dict[str, int]:
        """Return the number of each source file in the plan, by its name."""
        return {entry["name"]: number for number, entry in enumerate(self._plan["files"])}

    @property
    def before(self) -> Totals:
        """Return the load's totals as they were before the replay."""
        return Totals(**self._plan["totals"])

    def totals(self, documents: int) -> Totals:
        """Return the load's totals as they are now, given the index's own number of documents.

        Only what this replay found in the index when it sent it may turn out to be a duplicate, not what the load
        found: a lost document must not pass as one.
        """
        now = replace(self.before + self.moved, replayed=self.moved.replayed).settled(documents)
        return replace(now, replayed=self.before.replayed + self.moved.replayed)

    def write(self, moved: Totals, gone: list[str]) -> None:
        """Add what one body moved, and name the rejected records that it settled."""
        self.moved, self.gone = self.moved + moved, gone
        self._write(self._plan | {"replay": {"owner": self.owner, "moved": asdict(self.moved), "gone": gone}})

    def close(self, totals: Totals) -> None:
        """End the replay: the totals are part of the load's record now."""
        plan = {name: value for name, value in self._plan.items() if name != "replay"}
        self._write(plan | {"totals": asdict(totals)})

    def _get(self) -> dict[str, Any]:
        index = ledger_index(self.generation.prefix)
        return dict(self.patience(lambda: self.client.get(index=index, id=self.generation.index)).body)

    def _take(self, held: dict[str, Any]) -> None:
        self._source = held.get("_source", self._source)
        self._proof = {"if_seq_no": held["_seq_no"], "if_primary_term": held["_primary_term"]}

    def _write(self, plan: dict[str, Any]) -> None:
        index, name, document = (
            ledger_index(self.generation.prefix),
            self.generation.index,
            self._source | {"plan": plan},
        )
        try:
            made = self.patience(
                lambda: self.client.index(index=index, id=name, document=document, refresh=True, **self._proof)
            ).body
        except ConflictError as error:
            made = self._get()
            if made["_source"] != document:  # else it is our own write, whose answer was lost on its way
                raise CheckFailedError(
                    f"Another process changed the ledger's record of {name} meanwhile.", "Run the replay again."
                ) from error
        self._take({**made, "_source": document})
