"""The reconciliation API, version 0.2, that OpenRefine speaks: tracks and artists are its entities.

A batch of queries comes as JSON in `queries` (address or form) or as a JSON body, and each gets its candidates, the
best first, with scores from 0 to 100. `match` is true only where one candidate alone is exactly what was named.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

import queries
from linernotes.web.api.matches import MatchRow, check_rows
from linernotes.web.api.openapi import PREFIX, json_response
from linernotes.web.errors import NotFoundError, PayloadTooLargeError, UnsupportedTypeError
from linernotes.web.middleware.public_api import origin_of
from linernotes.web.services.app_state import AppState, AppStateDep
from linernotes.web.services.response_cache import NO_CACHE
from mappings.cards import PRESENCE_IS_NO_PROOF
from mappings.errors import InputError
from mappings.track import ALBUM, ARTISTS, DATASET, TITLE, YEAR
from queries import Hit, Match, Searcher, catalogue
from queries.artists.candidates import Candidate, find_candidates
from queries.catalogue import BY_ID, CatalogueMatch, Verdict
from queries.search.name_forms import same

PATH = f"{PREFIX}/reconcile"
VERSION = "0.2"
BATCH_SIZE, MAX_QUERIES = 10, 50
"""Queries that a client is asked to send together, and that it may."""

MAX_PROPERTIES = 50
"""Properties of a query, most of which mean nothing here."""

MAX_IDS = 100
MAX_JSON = 200_000
"""Characters of a batch; more than fifty queries with properties need."""

LIMIT, MAX_LIMIT = 10, 25
MAX_SUGGESTIONS, MAX_TITLES = 8, 3

TRACK, ARTIST = "track", "artist"
TYPES: Mapping[str, Mapping[str, str]] = {
    TRACK: {"id": TRACK, "name": "Track"},
    ARTIST: {"id": ARTIST, "name": "Artist"},
}

BY_NAME, WITH_ID = "artist=", "artist-id="
"""What the id of an artist begins with; a track's id is that of its page."""

SCORES: Mapping[str, float] = {
    BY_ID: 100,
    Match.EXACT: 100,
    Match.FOLDED: 95,
    Match.JOINED: 90,
    Match.SYMBOLS: 90,
    Match.TRANSLITERATED: 85,
    Match.STEMMED: 70,
    Match.FUZZY: 50,
}
LIKELY_FACTOR = 0.7
"""Of the score of a track that is likely the one, but not surely: another version, or a typo."""

OTHER_SCORE = 40
"""Score of what contains the words that were named, and more."""

PROPERTIES: Mapping[str, tuple[str, str]] = {
    "artists": (TRACK, "Artists"),
    "title": (TRACK, "Title"),
    "album": (TRACK, "Album"),
    "year": (TRACK, "Year"),
    "genre": (TRACK, "Genre"),
    "licence": (TRACK, "Licence"),
    "language": (TRACK, "Language"),
    "dataset": (TRACK, "Data set"),
    "platform": (TRACK, "Platform"),
    "url": (TRACK, "Link"),
    "duration_s": (TRACK, "Duration in seconds"),
    "tracks": (ARTIST, "Number of tracks"),
    "datasets": (ARTIST, "Data sets"),
}
"""Property that OpenRefine can fetch to its type and label."""

REFINING = tuple(name for name in MatchRow.model_fields if name != "title")
"""Properties that refine a query for a track."""

router = APIRouter(prefix=PATH, include_in_schema=False)


class Property(BaseModel):
    """A value that a candidate should have."""

    pid: str
    v: Any

    @property
    def text(self) -> str:
        """Return the first value as text; an entity is its name."""
        value = self.v[0] if isinstance(self.v, list) and self.v else self.v
        if isinstance(value, dict):
            value = value.get("name") or value.get("id")
        return "" if value is None or isinstance(value, list) else str(value)


class ReconciliationQuery(BaseModel):
    """One query of a batch; what isn't understood is ignored, as the specification says."""

    query: str = ""
    type: str | list[str] | None = None
    limit: Annotated[int | None, Field(ge=1)] = None
    properties: Annotated[list[Property], Field(max_length=MAX_PROPERTIES)] = []

    @property
    def types(self) -> tuple[str, ...]:
        """Return the types to look for: all, unless some that there are were named."""
        given = [self.type] if isinstance(self.type, str) else self.type or []
        return tuple(name for name in TYPES if name in given) if given else tuple(TYPES)

    @property
    def cells(self) -> dict[str, str]:
        """Return the query as a row of a catalogue."""
        given = {each.pid: each.text for each in self.properties if each.pid in REFINING}
        return {"title": self.query} | given


class ExtendProperty(BaseModel):
    """A property to fetch."""

    id: str


class Extension(BaseModel):
    """Entities, and the properties to fetch of them."""

    ids: Annotated[list[str], Field(max_length=MAX_IDS)]
    properties: Annotated[list[ExtendProperty], Field(max_length=len(PROPERTIES))]


_BATCH = TypeAdapter(Annotated[dict[str, ReconciliationQuery], Field(max_length=MAX_QUERIES)])
_EXTENSION = TypeAdapter(Extension)
_OBJECT = TypeAdapter(dict[str, Any])


@router.get("")
async def reconcile(request: Request, state: AppStateDep) -> Response:
    """Answer what the address has: a batch of queries, an extension, or nothing, which asks for the manifest."""
    return await _answer(request, state, request.query_params)


@router.post("")
async def reconcile_posted(request: Request, state: AppStateDep) -> Response:
    """Answer what a form or a JSON body has."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = await request.body()
        if len(body) > MAX_JSON:
            raise _too_large()
        content = _parse(_OBJECT, body)
        is_plain = not content.keys() & {"queries", "extend"}
        given = {"queries": content} if is_plain and content else content
        return await _answer(request, state, {name: orjson.dumps(value).decode() for name, value in given.items()})
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise UnsupportedTypeError("This type of body is not accepted.", "Send a form, or application/json.")
    async with request.form(max_files=0, max_fields=10, max_part_size=MAX_JSON) as form:
        return await _answer(request, state, {name: value for name, value in form.items() if isinstance(value, str)})


async def _answer(request: Request, state: AppState, given: Mapping[str, str]) -> Response:
    if any(len(text) > MAX_JSON for text in given.values()):
        raise _too_large()
    if extend := given.get("extend"):
        extension = _parse(_EXTENSION, extend)
        return json_response(await state.query(lambda searcher: _extend(searcher, extension), state.batches), NO_CACHE)
    if batch := given.get("queries"):
        parsed = _parse(_BATCH, batch)
        seconds = state.options.slow_timeout_s
        results = await state.query(lambda searcher: _reconcile(searcher, parsed, seconds), state.batches)
        return json_response({name: {"result": results[name]} for name in parsed}, NO_CACHE)
    return json_response(manifest(origin_of(request), request.app.version), NO_CACHE)


def _too_large() -> PayloadTooLargeError:
    return PayloadTooLargeError(f"A batch has more than {MAX_JSON:,} characters.", "Send fewer queries together.")


def _parse(adapter: TypeAdapter[Any], text: str | bytes) -> Any:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]
        raise RequestValidationError(errors) from error


def manifest(base: str, version: str) -> dict[str, Any]:
    """Return what the service can do, for a server at an address."""
    service = f"{base}{PATH}"
    return {
        "versions": [VERSION],
        "name": "linernotes: music in public data sets",
        "identifierSpace": f"{service}/entities",
        "schemaSpace": f"{service}/types",
        "documentation": f"{base}/api",
        "serviceVersion": version,
        "defaultTypes": list(TYPES.values()),
        "view": {"url": f"{service}/view?id={{{{id}}}}"},
        "preview": {"url": f"{service}/preview?id={{{{id}}}}", "width": 400, "height": 150},
        "suggest": {
            "entity": {"service_url": base, "service_path": f"{PATH}/suggest/entity"},
            "type": {"service_url": base, "service_path": f"{PATH}/suggest/type"},
            "property": {"service_url": base, "service_path": f"{PATH}/suggest/property"},
        },
        "extend": {
            "propose_properties": {"service_url": base, "service_path": f"{PATH}/properties"},
            "property_settings": [],
        },
        "batchSize": BATCH_SIZE,
    }


def _reconcile(
    searcher: Searcher, batch: Mapping[str, ReconciliationQuery], seconds: float
) -> dict[str, list[dict[str, Any]]]:
    """Return the candidates of each query; tracks with an artist or a link are checked as a catalogue is, together."""
    rows = {name: each.cells for name, each in batch.items() if TRACK in each.types and each.cells.keys() != {"title"}}
    parsed = [catalogue.parse_row(number, cells) for number, cells in enumerate(rows.values(), 1)]
    checked = dict(zip(rows, check_rows(searcher, parsed, seconds), strict=True)) if parsed else {}
    return {name: _candidates(searcher, each, checked.get(name)) for name, each in batch.items()}


def _candidates(
    searcher: Searcher, query: ReconciliationQuery, row: catalogue.RowResult | None
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if TRACK in query.types and row and row.matches:
        found += [_checked(each, exact=row.exact) for each in row.matches]
    elif TRACK in query.types:
        found += _tracks(searcher, query, may_match=row is None)
    if ARTIST in query.types:
        found += _artists(searcher, query.query)
    exact = [each for each in found if each["match"]]
    if len(exact) > 1:
        for each in exact:
            each["match"] = False
    return sorted(found, key=lambda each: -each["score"])[: min(query.limit or LIMIT, MAX_LIMIT)]


def _entity(kind: str, entity_id: str, name: str, description: str, score: float, *, match: bool) -> dict[str, Any]:
    shown = {"id": entity_id, "name": name, "description": description, "type": [TYPES[kind]]}
    return {**shown, "score": score, "match": match}


def _checked(match: CatalogueMatch, *, exact: bool) -> dict[str, Any]:
    is_sure = match.verdict is Verdict.FOUND
    score = SCORES[match.match] * (1 if is_sure else LIKELY_FACTOR)
    is_exact = is_sure and match.match in (BY_ID, Match.EXACT)
    return _entity(TRACK, match.id, *_described(match.track), round(score, 1), match=is_exact and exact)


def _tracks(searcher: Searcher, query: ReconciliationQuery, *, may_match: bool) -> list[dict[str, Any]]:
    """Return the tracks that a text finds; none matches where the catalogue check knew none by that artist."""
    text = " ".join(filter(None, (query.query, query.cells.get("artist"))))
    if not text.strip():
        return []
    hits = searcher.search(queries.request(text, size=MAX_LIMIT)).hits
    return [_found(query.query if may_match else "", hit) for hit in hits]


def _found(name: str, hit: Hit) -> dict[str, Any]:
    """Return a hit as a candidate for a name: a title, or artist and title."""
    title, artists = str(hit.track.get(TITLE) or ""), [str(each) for each in hit.track.get(ARTISTS) or ()]
    names = [title, *(f"{one} {other}" for each in artists for one, other in ((each, title), (title, each)))]
    labels = [label for each in names if name and (label := same(name, each))]
    best = max(labels, key=SCORES.__getitem__, default=None)
    score = SCORES[best] if best else OTHER_SCORE
    return _entity(TRACK, hit.id, *_described(hit.track), score, match=best is Match.EXACT)


def _described(track: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of a track, and what tells it from others."""
    artists = ", ".join(map(str, track.get(ARTISTS) or ())) or "unknown artist"
    facts = (artists, track.get(ALBUM), track.get(YEAR), track[DATASET])
    return str(track.get(TITLE) or "untitled"), " · ".join(str(each) for each in facts if each)


def _artists(searcher: Searcher, name: str) -> list[dict[str, Any]]:
    return [_artist(each) for each in _known_artists(searcher, name)]


def _known_artists(searcher: Searcher, name: str) -> Sequence[Candidate]:
    try:
        request = queries.artist_request(name, size=MAX_LIMIT)
    except InputError:  # nothing that could be a name
        return ()
    return find_candidates(searcher.question(), request)[0][:MAX_LIMIT]


def _artist(candidate: Candidate) -> dict[str, Any]:
    score = SCORES[candidate.match] if candidate.match else OTHER_SCORE
    is_exact = candidate.match is Match.EXACT and not candidate.shares_name
    return _entity(ARTIST, _artist_id(candidate), candidate.name, _about_artist(candidate), score, match=is_exact)


def _artist_id(candidate: Candidate) -> str:
    has_own_id = candidate.shares_name and candidate.ids
    return f"{WITH_ID}{candidate.ids[0]}" if has_own_id else f"{BY_NAME}{candidate.name}"


def _about_artist(candidate: Candidate) -> str:
    tracks = "1 track" if candidate.count == 1 else f"{candidate.count:,} tracks"
    titles = f", such as {', '.join(candidate.titles)}" if candidate.titles else ""
    return f"{tracks} in {', '.join(candidate.datasets)}{titles}"


@router.get("/view")
async def view(id: str = "") -> Response:  # noqa: A002 - as the parameter is called
    """Redirect to the page of an entity."""
    if id.startswith(WITH_ID):
        return RedirectResponse(f"/artist?{urlencode({'id': id.removeprefix(WITH_ID)})}", 303)
    if id.startswith(BY_NAME):
        return RedirectResponse(f"/artist?{urlencode({'name': id.removeprefix(BY_NAME)})}", 303)
    return RedirectResponse(f"/tracks/{quote(id, safe=':')}", 303)


_PREVIEW = Markup(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
    "<p><strong><bdi>{name}</bdi></strong> ({kind})<br><bdi>{description}</bdi></p><p><small>{note}</small></p></html>"
)
_PREVIEW_HEADERS = {
    # OpenRefine shows it in a frame; it runs and loads nothing.
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "x-robots-tag": "noindex",
    **NO_CACHE,
}


@router.get("/preview")
async def preview(state: AppStateDep, id: str = "") -> Response:  # noqa: A002 - as the parameter is called
    """Show an entity in a few lines of HTML."""
    entity = await state.query(lambda searcher: _look_up(searcher, id))
    if entity is None:
        raise NotFoundError("There is no such entity.", "It may have been removed in a newer release of its data set.")
    kind = TYPES[ARTIST if isinstance(entity, Candidate) else TRACK]["name"].lower()
    name, about = (entity.name, _about_artist(entity)) if isinstance(entity, Candidate) else _described(entity.track)
    html = _PREVIEW.format(name=name, kind=kind, description=about, note=PRESENCE_IS_NO_PROOF)
    return HTMLResponse(html, headers=_PREVIEW_HEADERS)


def _look_up(searcher: Searcher, entity_id: str) -> Hit | Candidate | None:
    if not entity_id.startswith((BY_NAME, WITH_ID)):
        return searcher.track(entity_id)
    if entity_id.startswith(BY_NAME):
        name = entity_id.removeprefix(BY_NAME)
        return next((each for each in _known_artists(searcher, name) if each.name == name), None)
    try:
        request = queries.artist_request(artist_id=entity_id.removeprefix(WITH_ID))
    except InputError:
        return None
    return next(iter(find_candidates(searcher.question(), request)[0]), None)


@router.get("/suggest/entity")
async def suggest_entity(state: AppStateDep, prefix: str = "", cursor: int = 0) -> Response:
    """Suggest artists and tracks whose names begin with a text."""
    if not prefix.strip():
        return json_response({"result": []}, NO_CACHE)
    suggestions = await state.query(lambda searcher: _suggest(searcher, prefix))
    return json_response({"result": suggestions[max(cursor, 0) :]}, NO_CACHE)


def _suggest(searcher: Searcher, prefix: str) -> list[dict[str, Any]]:
    """Return artists and tracks whose names begin with a text, and tracks that have its words."""
    texts = [prefix]
    artists: Sequence[Candidate] = ()
    try:
        begun = searcher.suggest(queries.suggest_request(prefix, size=MAX_SUGGESTIONS))
        artists = begun.artists
        texts = [" ".join((*each.artists[:1], each.title)) for each in begun.titles[:MAX_TITLES]] or texts
    except InputError:  # nothing that could be a name
        pass
    pages = [searcher.search(queries.request(text, size=MAX_SUGGESTIONS // len(texts))).hits for text in texts]
    hits = {hit.id: hit for hits in pages for hit in hits}
    return [
        *(_suggestion(ARTIST, _artist_id(each), each.name, _about_artist(each)) for each in artists),
        *(_suggestion(TRACK, each.id, *_described(each.track)) for each in hits.values()),
    ]


def _suggestion(kind: str, entity_id: str, name: str, description: str) -> dict[str, Any]:
    return {"id": entity_id, "name": name, "description": description, "notable": [TYPES[kind]]}


@router.get("/suggest/type")
async def suggest_type(prefix: str = "") -> Response:
    """Suggest types; there are two."""
    return json_response({"result": [each for each in TYPES.values() if _begins(prefix, *each.values())]}, NO_CACHE)


@router.get("/suggest/property")
async def suggest_property(prefix: str = "") -> Response:
    """Suggest properties that refine a query."""
    names = [{"id": name, "name": name.capitalize()} for name in REFINING]
    return json_response({"result": [each for each in names if _begins(prefix, *each.values())]}, NO_CACHE)


def _begins(prefix: str, *names: str) -> bool:
    return any(name.lower().startswith(prefix.strip().lower()) for name in names)


@router.get("/properties")
async def properties(
    kind: Annotated[Literal["track", "artist", ""], Query(alias="type")] = "", limit: Annotated[int, Query(ge=1)] = 50
) -> Response:
    """List the properties that can be fetched of entities of a type."""
    known = [{"id": name, "name": label} for name, (of, label) in PROPERTIES.items() if kind in ("", of)]
    return json_response({"type": kind or TRACK, "limit": limit, "properties": known[:limit]}, NO_CACHE)


def _extend(searcher: Searcher, extension: Extension) -> dict[str, Any]:
    """Return properties of entities; what there is none of is an empty list."""
    names = [each.id for each in extension.properties]
    meta = [{"id": name, "name": PROPERTIES[name][1] if name in PROPERTIES else name} for name in names]
    rows = {each: _values(_look_up(searcher, each), names) for each in dict.fromkeys(extension.ids)}
    return {"meta": meta, "rows": rows}


def _values(entity: Hit | Candidate | None, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    known: Mapping[str, Any] = {}
    if isinstance(entity, Candidate):
        known = {"tracks": entity.count, "datasets": list(entity.datasets)}
    elif entity is not None:
        known = {name: entity.track.get(name) for name, (kind, _) in PROPERTIES.items() if kind == TRACK}
    return {name: [_cell(each) for each in _listed(known.get(name))] for name in names}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _cell(value: Any) -> dict[str, Any]:
    """Return a value as an extension has it.

    >>> _cell(1999), _cell(3.5), _cell("rock")
    ({'int': 1999}, {'float': 3.5}, {'str': 'rock'})
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return {"int": value}
    return {"float": value} if isinstance(value, float) else {"str": str(value)}
