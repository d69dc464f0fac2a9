"""Send what Elasticsearch refused once more, into the current generation, and keep all sums true.

    refused records --[a body for each file of a page]--> Sender --> journal --> rejected no longer, or one try more

Killed between any two steps, the next run mends it: a document that is in already conflicts with itself and is
counted then; what the journal calls gone is removed first; totals and `_meta` are written before the journal ends.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter

from elasticsearch import Elasticsearch

from indexer import generations, lease
from indexer.inspect import ensure_swappable
from indexer.meter import Meter
from indexer.patience import Patience
from indexer.rejected import Rejected, RejectedStore, is_refusal
from indexer.rejected_reader import MAX_ATTEMPTS, RejectedReader, Wanted
from indexer.replay_journal import Journal
from indexer.replay_piece import Piece, document_of, moved
from indexer.send import Sender
from indexer.totals import Totals
from indexer.update.present import current
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index


@dataclass(frozen=True)
class Replay:
    """What became of the rejected records of the current generation when they were sent once more.

    `tried` = `indexed` + `duplicates` + `refused_again`, with what a replay that was killed (`mended`) had done.
    `rejected` is how many are left, of which can't be sent: `never_a_track`, `exhausted` (tried too often), and
    `incomplete` (kept in part only).
    """

    dataset: str
    generation: str
    tried: int
    indexed: int
    duplicates: int
    refused_again: int
    rejected: int
    never_a_track: int
    exhausted: int
    incomplete: int
    mended: bool


@dataclass
class _Tally:
    refused_again: int = 0
    incomplete: int = 0


@dataclass(frozen=True)
class Replayer:
    """Replays the rejected records of one data set under `prefix`, each once in a run."""

    client: Elasticsearch
    prefix: str
    meter: Meter
    max_attempts: int = MAX_ATTEMPTS

    @property
    def patience(self) -> Patience:
        """Return how long to try; the meter hears of a full disk."""
        return Patience(self.meter)

    def run(self, dataset: str) -> Replay:
        """Replay everything that may be replayed.

        Raises InputError (nothing is loaded), CheckFailedError (the sums don't hold; another process changes this data
        set; the alias is on two generations), UnreachableError (Elasticsearch took no data: what is not settled is
        sent again by the next run).
        """
        generations.ensure_books(self.client, self.prefix)
        with lease.held(self.client, self.prefix, dataset, lease.REPLAY, patience=self.patience) as held:
            generations.settle(self.client, self.prefix, dataset)
            found = ensure_swappable(self.client, self.prefix, dataset)
            if not found.aliased:
                raise InputError(f"{dataset} is not loaded.", f"Load it first: linernotes load {dataset} PATH...")
            generation = current(self.client, found).generation
            return self._replay(Journal(self.client, generation, held.id, self.patience))

    def _replay(self, journal: Journal) -> Replay:
        store = RejectedStore(self._sender(rejected_index(self.prefix), require_alias=False), journal.generation)
        journal.read()
        if journal.interrupted:  # its documents may be in without being counted: the sums hold at the end
            store.remove(journal.gone)
        else:
            self._checked(journal, store, "Nothing was replayed.")
        journal.write(Totals(), [])
        tally = self._send_all(journal, store)
        totals = self._checked(journal, store, "Load it again with --fresh.")
        self._note(journal.generation, totals)
        result = self._result(journal, totals, tally)
        journal.close(totals)
        return result

    def _sender(self, target: str, *, require_alias: bool) -> Sender:
        return Sender(self.client, target, self.patience, require_alias)

    def _send_all(self, journal: Journal, store: RejectedStore) -> _Tally:
        """Send each record once, through an alias that is there only meanwhile: a deleted index isn't made anew."""
        generation, tally = journal.generation, _Tally()
        name, indices = generations.write_alias(generation), self.client.indices
        self.patience(lambda: indices.put_alias(index=generation.index, name=name))
        for page in self._pages(generation):
            for piece in self._pieces(page, journal.files, tally):
                tally.refused_again += self._settle(journal, store, self._sender(name, require_alias=True), piece)
            self.meter.advance(0, Totals(read=len(page)))
        gone_already = self.client.options(ignore_status=404)
        self.patience(lambda: gone_already.indices.delete_alias(index=generation.index, name=name))
        return tally

    def _pages(self, generation: Generation) -> Iterator[list[Rejected]]:
        reader, wanted = RejectedReader(self.client, self.prefix), Wanted(generation, refused_below=self.max_attempts)
        self.meter.state = "replaying"
        self.meter.add_file(generation.dataset, reader.count(wanted))
        return reader.pages(wanted)

    def _pieces(self, page: list[Rejected], files: dict[str, int], tally: _Tally) -> Iterator[Piece]:
        """Yield what can be sent of a page, by file: only within one does a row's number tell which record it is."""
        whole = [record for record in page if record.file in files and document_of(record) is not None]
        tally.incomplete += len(page) - len(whole)
        for file, records in groupby(whole, attrgetter("file")):
            yield Piece(files[file], list(records))

    def _settle(self, journal: Journal, store: RejectedStore, sender: Sender, piece: Piece) -> int:
        """Send one body and write down what became of it; return how many records were refused again."""
        outcome = sender.send(piece.body())
        again = piece.refused_again(outcome)
        store.put(again)
        refused = {record.id for record in again}
        gone = [record.id for record in piece.records if record.id not in refused]
        journal.write(moved(outcome), gone)
        store.remove(gone)
        return len(again)

    def _checked(self, journal: Journal, store: RejectedStore, hint: str) -> Totals:
        """Return the totals as they are now, if all sums hold."""
        documents = generations.count(self.client, journal.generation)
        totals = journal.totals(documents)
        problems = totals.differences(documents, store.count())
        if problems:
            raise CheckFailedError(f"{journal.generation.index} does not add up: {'; '.join(problems)}.", hint)
        return totals

    def _note(self, generation: Generation, totals: Totals) -> None:
        """Write the totals into the index's `_meta`, which is only ever replaced as a whole."""
        name = generation.index
        found = self.patience(lambda: self.client.indices.get_mapping(index=name))[name]["mappings"]
        meta = found.get("_meta", {}) | {"totals": asdict(totals)}
        self.patience(lambda: self.client.indices.put_mapping(index=name, meta=meta))

    def _result(self, journal: Journal, totals: Totals, tally: _Tally) -> Replay:
        generation, before = journal.generation, journal.before
        counts = RejectedReader(self.client, self.prefix).counts(generation.dataset, self.max_attempts)
        left = [count for count in counts if count.generation == generation.index]
        return Replay(
            dataset=generation.dataset,
            generation=generation.index,
            tried=before.rejected - totals.rejected + tally.refused_again,
            indexed=totals.indexed - before.indexed,
            duplicates=totals.duplicates - before.duplicates,
            refused_again=tally.refused_again,
            rejected=totals.rejected,
            never_a_track=sum(count.records for count in left if not is_refusal(count.kind)),
            exhausted=sum(count.exhausted for count in left if is_refusal(count.kind)),
            incomplete=tally.incomplete,
            mended=journal.interrupted,
        )
