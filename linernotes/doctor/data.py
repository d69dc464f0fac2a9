"""Checks of our own indices: aliases, generations, mappings, leases, ledger, and what a load has left behind."""

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.checks.index import differences
from indexer.cluster import audit_log, declarations, lease, ledger, rejects
from indexer.cluster.indices import SERVING_SETTINGS, write_alias
from indexer.cluster.status import CURRENT, KEPT, GenerationStatus, inspect
from linernotes.doctor import snapshot as snapshots
from linernotes.doctor.finding import ERROR, NOTE, WARNING, Finding
from linernotes.doctor.snapshot import Snapshot, is_closed
from mappings.cards import CARDS
from mappings.index import mapping_hash
from mappings.index_names import alias, parse
from mappings.track import mapping

_SEVERITY = {
    "name_taken": ERROR,
    "closed": ERROR,
    "read_only": ERROR,
    "alias_on_two": ERROR,
    "alias_missing": ERROR,
    "aliases_differ": ERROR,
    "lock_of_the_dead": WARNING,
    "holder_silent": WARNING,
    "builder_dead": WARNING,
    "orphan": WARNING,
}

_SERVICE_MAPPINGS = {
    "ledger": ledger.MAPPING,
    "locks": lease.MAPPING,
    "history": audit_log.MAPPING,
    "rejected": rejects.MAPPING,
    "declarations": declarations.MAPPING,
}

_SHOWN = 5


def generations(snapshot: Snapshot) -> Iterator[Finding]:
    """Are aliases, generations and leases as they should be? Judged by `indexer.cluster.status`, as loads do."""
    for survey in snapshot.surveys:
        for one in inspect(survey):
            severity = _SEVERITY.get(one.kind, ERROR if one.blocks_swap else WARNING)
            yield Finding(one.kind, severity, survey.dataset, one.sentence, one.hint)
    for dataset, lack in snapshot.unsurveyed.items():
        remedy = "Repair the ledger and the locks as described first, then try again."
        yield Finding("unsurveyed", ERROR, dataset, f"Its generations can't be read: {lack.why}.", remedy)


def aliases(snapshot: Snapshot) -> Iterator[Finding]:
    """Do our aliases lead to our generations, and to all of their documents?"""
    searched = {alias(snapshot.prefix)} | {alias(snapshot.prefix, dataset) for dataset in _datasets(snapshot)}
    for index, body in snapshot.part("aliases").items():
        if not isinstance(body, Mapping) or "aliases" not in body:  # not found: no alias is there yet
            continue
        for name, options in body["aliases"].items():
            if name in searched and parse(snapshot.prefix, index) is None:
                evidence = f"Alias {name} also leads to {index}, which is no generation: searchers find what is in it."
                yield Finding("alias_astray", ERROR, index, evidence, _remove(index, name))
            elif name in searched and options:
                evidence = (
                    f"Alias {name} on it has conditions ({', '.join(sorted(options))}): some tracks are not found."
                )
                yield Finding("alias_narrowed", ERROR, index, evidence, f"{_remove(index, name)}, then roll back to it")


def _datasets(snapshot: Snapshot) -> set[str]:
    """Return the data sets that are known here, those whose generations can't be surveyed among them."""
    generations_there = (parse(snapshot.prefix, index) for index in snapshot.parts.get("indices", {}))
    return {one.dataset for one in generations_there if one} | {survey.dataset for survey in snapshot.surveys}


def _remove(index: str, name: str) -> str:
    return f"Take it off: DELETE /{index}/_alias/{name}"


def layouts(snapshot: Snapshot) -> Iterator[Finding]:
    """Are the fields of each generation those of the field table?"""
    for index, body in snapshot.part("indices").items():
        generation = parse(snapshot.prefix, index)
        if generation is None:
            continue
        wrong = differences(mapping(), body.get("mappings", {}))
        made_with = body.get("mappings", {}).get("_meta", {}).get("mapping")
        differing = f"{len(wrong)} fields or options differ from the field table: {', '.join(wrong[:_SHOWN])}"
        again = f"linernotes reindex {generation.dataset}"
        if made_with is not None and made_with != mapping_hash():
            severity = WARNING if _serves(snapshot, index) else NOTE
            evidence = f"It was made with another field table ({made_with}, now {mapping_hash()})."
            yield Finding("mapping_old", severity, index, evidence, f"Make it anew: {again}, or load it again")
        elif wrong:
            evidence = f"{differing}." if made_with else f"It has no metadata of ours, and {differing}."
            yield Finding(
                "mapping_foreign", ERROR, index, evidence, f"Make it anew: {again}; or delete what isn't ours"
            )


def _serves(snapshot: Snapshot, index: str) -> bool:
    """Tell whether searchers see a generation: its data set's alias is on it."""
    generation = parse(snapshot.prefix, index)
    aliased = snapshot.part("indices").get(index, {}).get("aliases", {})
    return generation is not None and alias(snapshot.prefix, generation.dataset) in aliased


def service_indices(snapshot: Snapshot) -> Iterator[Finding]:
    """Are ledger, locks, history and rejected records there, open, writable, and as they were made?"""
    indices: Mapping[str, Any] = snapshot.part("indices")
    expected = snapshots.service_indices(snapshot.prefix)
    for name, what in expected.items():
        if name not in indices:
            if what == "declarations" and not _has_undeclared(snapshot):
                continue  # of a version before there were any
            if expected.keys() & indices.keys() or any(parse(snapshot.prefix, index) for index in indices):
                remedy = (
                    "The next load makes an empty one; what was in it is lost, so restore a snapshot if there is one."
                )
                yield Finding("book_missing", ERROR, name, f"The index of the {what} is missing.", remedy)
            continue
        yield from _service_index(name, what, indices[name])


def _has_undeclared(snapshot: Snapshot) -> bool:
    """Tell whether there is a generation of a data set that is not built in: it was declared."""
    generations = (parse(snapshot.prefix, index) for index in snapshot.part("indices"))
    return any(generation.dataset not in CARDS for generation in generations if generation)


def _service_index(name: str, what: str, body: Mapping[str, Any]) -> Iterator[Finding]:
    if is_closed(body):
        yield Finding("book_closed", ERROR, name, f"The index of the {what} is closed.", f"Open it: POST /{name}/_open")
    for key, value in body.get("settings", {}).items():
        if key.startswith("index.blocks.") and str(value) == "true":
            remedy = f'Lift it: PUT /{name}/_settings {{"{key}": null}}'
            yield Finding("book_blocked", ERROR, name, f"The index of the {what} has a block ({key}).", remedy)
    if wrong := differences(_SERVICE_MAPPINGS[what], body.get("mappings", {})):
        evidence = f"The index of the {what} has other fields than this version: {', '.join(wrong[:_SHOWN])}."
        remedy = "The next load adds what is missing; if a type differs, use the version that made it."
        yield Finding("book_differs", WARNING, name, evidence, remedy)


def records(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the ledger right about the indices?"""
    for survey in snapshot.surveys:
        for view in survey.views:
            yield from _gone(view)
            yield from _miscounted(view)


def _gone(view: GenerationStatus) -> Iterator[Finding]:
    if view.state == KEPT and view.record and view.seen.meta is None:
        evidence = (
            "The ledger says that it was in service, and its index is gone: deleted, and not by linernotes prune."
        )
        remedy = f"Load it again if nothing else serves {view.generation.dataset}; prune clears the ledger's record."
        yield Finding("generation_gone", WARNING, view.generation.index, evidence, remedy)


def _miscounted(view: GenerationStatus) -> Iterator[Finding]:
    totals = view.plan.get("totals") or view.meta.get("totals") or {}
    recorded, counted = totals.get("indexed"), view.seen.documents
    if view.state in (CURRENT, KEPT) and None not in (recorded, counted) and recorded != counted:
        evidence = f"It has {counted:,} documents, and {recorded:,} were recorded: it was changed by others."
        remedy = f"Roll back, or load it again: linernotes load {view.generation.dataset} PATH... --fresh"
        yield Finding("documents_differ", ERROR, view.generation.index, evidence, remedy)


def leftovers(snapshot: Snapshot) -> Iterator[Finding]:
    """Are the settings of a load reset in what is in service?"""
    indices = snapshot.part("indices")
    for name, generation in ((name, parse(snapshot.prefix, name)) for name in indices if _serves(snapshot, name)):
        settings = indices[name].get("settings", {})
        left = [key for key in SERVING_SETTINGS if f"index.{key}" in settings]
        if left:
            nulls = ", ".join(f'"index.{key}": null' for key in left)
            evidence = f"It serves with the settings of a load: {', '.join(left)}."
            yield Finding("load_settings", WARNING, name, evidence, f"Reset them: PUT /{name}/_settings {{{nulls}}}")
        if generation and (write := write_alias(generation)) in indices[name].get("aliases", {}):
            evidence = f"It can still be written to by a load ({write})."
            remedy = _remove(name, write)
            yield Finding("load_alias", WARNING, name, evidence, remedy)
