"""The client says what the API's document says: no more, no less, and nothing is forgotten."""

import ast
import asyncio
import inspect
import json
import re
import sys
import types
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import httpx2
import jsonschema_rs
import pytest

from heed_client import AsyncHeed, Heed, errors, shapes
from tests.apart import apart

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "tests" / "golden" / "openapi.json").read_text(encoding="utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
# Not for a site: a hook for programs without headers, and partners' lists.
OTHERS = {"check_raw_upload", "give_notices_as_partner", "read_own_standing_as_partner"}
SAID = {
    "ItemSaid": shapes.Item,
    "FileSaid": shapes.File,
    "UploaderSaid": shapes.Uploader,
    "UploadSaid": shapes.Upload,
    "NoticeSaid": shapes.Notice,
    "HashesSaid": shapes.Hashes,
    "ResultSaid": shapes.ItemResult,
}
WRAPPED = {"UploadsSaid", "ResultsSaid", "Event"}  # the client's methods take what is in them
ENUMS = {name for name, schema in SCHEMAS.items() if "enum" in schema}
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if operation["operationId"] not in OTHERS
}

# ------------------------------------------------------------------ shapes


def named_in(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))


def reached() -> set[str]:
    """Every schema that a site's operations speak of, and the problem."""
    found, new = {"Problem"}, named_in([operation for *_, operation in OPERATIONS.values()])
    while new - found:
        found |= new
        new = named_in([SCHEMAS[name] for name in found])
    return found


def shape_of(name: str) -> Any:
    return SAID.get(name) or getattr(shapes, name)


def of_schema(schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in ENUMS:
            return of_schema(SCHEMAS[name])
        return "object" if name == "Event" else shape_of(name).__name__
    if "anyOf" in schema:
        return frozenset(of_schema(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ("enum", frozenset(schema["enum"]))
    if schema["type"] == "array":
        return ("array", of_schema(schema["items"]))
    if schema["type"] == "object":
        values = schema.get("additionalProperties")
        return ("map", of_schema(values)) if isinstance(values, dict) else "object"
    return "instant" if schema.get("format") == "date-time" else schema["type"]


PLAIN = {str: "string", int: "integer", bool: "boolean", type(None): "null", Any: "object"}


def of_type(said: Any) -> Any:
    origin, inner = get_origin(said), get_args(said)
    if origin in (types.UnionType, Union):
        if datetime in inner:
            rest = [of_type(one) for one in inner if one not in (str, datetime)]
            return frozenset(["instant", *rest]) if rest else "instant"
        return frozenset(of_type(one) for one in inner)
    if origin is Literal:
        return ("enum", frozenset(inner))
    if origin is list:
        return ("array", of_type(inner[0]))
    if origin is dict:
        return "object" if inner[1] is Any else ("map", of_type(inner[1]))
    return said.__name__ if is_typeddict(said) else PLAIN[said]


@pytest.mark.parametrize("name", sorted(reached() - ENUMS - WRAPPED))
def test_every_shape_of_the_document_is_a_type_of_the_client(name: str) -> None:
    schema, shape = SCHEMAS[name], shape_of(name)
    types_of = {field: of_type(said) for field, said in get_type_hints(shape).items()}
    assert types_of == {field: of_schema(one) for field, one in schema["properties"].items()}
    assert shape.__required_keys__ == set(schema.get("required", []))


def test_every_refusal_of_the_document_has_a_name_of_its_own() -> None:
    statuses = {int(status) for status in DOCUMENT["components"]["responses"]}
    assert set(errors.BY_STATUS) == statuses
    assert len(set(errors.BY_STATUS.values())) == len(statuses)


# ------------------------------------------------------------------ operations

SHA256 = "ab" * 32
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
CALLS: dict[str, Callable[[Any], Any]] = {
    "register": lambda heed: heed.register(
        {
            "ref": "81",
            "url": "https://square.example/p/81",
            "published_at": NOW,
            "files": [{"signals": {"sha256": SHA256}}],
            "uploader": {"ip": "192.0.2.7", "port": 4711, "at": NOW},
        },
        idempotency_key="k1",
    ),
    "register_all": lambda heed: heed.register_all([{"ref": "é/1", "url": "https://a.example/1"}]),
    "change": lambda heed: heed.change("a/b?c", {"views": 3, "deleted_at": NOW}),
    "check_bytes": lambda heed: heed.check_bytes(b"x", account_ref="uri", upload_ref="81.0"),
    "may_publish": lambda heed: heed.may_publish(b"x", upload_ref="81.0"),
    "check_signals": lambda heed: heed.check_signals({"sha256": SHA256}, surface="private",
                                                     country="DE"),
    "check_url": lambda heed: heed.check_url("https://square.example/f/1"),
    "check_all": lambda heed: heed.check_all([{"url": "https://square.example/f/1"}]),
    "give_notice": lambda heed: heed.give_notice({"category": "minor_sexual", "urls": ["x"]}),
    "case": lambda heed: heed.case("HD-7", after="bmV4dA", limit=5),
    "whole_case": lambda heed: heed.whole_case("HD-7"),
    "states": lambda heed: heed.states(),
    "all_states": lambda heed: heed.all_states(),
    "report_results": lambda heed: heed.report_results(
        [{"item": "81", "revision": 4, "result": "applied"}]
    ),
    "events": lambda heed: heed.events(after="bmV4dA"),
    "hand_over_evidence": lambda heed: heed.hand_over_evidence(b"x"),
}  # fmt: skip
NOT_CALLS = {"close"}


def methods(kind: type) -> set[str]:
    return {name for name in vars(kind) if name[0] != "_"} - NOT_CALLS


def operation_of(request: httpx2.Request) -> str:
    """The operation that a request is, by the document."""
    raw = request.url.raw_path.decode().partition("?")[0]
    for name, (method, path, _) in OPERATIONS.items():
        if method == request.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), raw):
            return name
    raise AssertionError(f"no such operation: {request.method} {raw}")


def hold_to_the_document(request: httpx2.Request) -> str:
    """What is sent is what the document allows. The operation's name."""
    name = operation_of(request)
    _, _, operation = OPERATIONS[name]
    places: dict[str, dict[str, Any]] = {"query": {}, "path": {}, "header": {}}
    for parameter in operation["parameters"]:
        places[parameter["in"]][parameter["name"]] = parameter["schema"]
    assert set(request.url.params) <= set(places["query"])
    assert ("idempotency-key" in request.headers) <= ("Idempotency-Key" in places["header"])
    if "requestBody" not in operation:
        assert not request.content
        return name
    kind = request.headers["content-type"]
    schema = operation["requestBody"]["content"][kind]["schema"]
    if kind == "application/json":
        whole = {**schema, "components": {"schemas": SCHEMAS}}
        jsonschema_rs.Draft202012Validator(whole).validate(json.loads(request.content))
    return name


def answer_of(request: httpx2.Request, name: str) -> Any:
    """The least that the document's answer has, of as many parts as were asked about."""
    schema = OPERATIONS[name][2]["responses"].get("200") or OPERATIONS[name][2]["responses"]["201"]
    schema = schema["content"]["application/json"]["schema"]
    many = b"\n" in request.content or "ndjson" in request.headers.get("content-type", "")
    which = 1 if many or b'"uploads"' in request.content else 0
    parts = schema.get("anyOf", [schema])
    return example(parts[which], 1 if which else 0)


def example(schema: dict[str, Any], long: int) -> Any:
    if "$ref" in schema:
        return example(SCHEMAS[schema["$ref"].rpartition("/")[2]], long)
    if "anyOf" in schema:
        nothing = {"type": "null"} in schema["anyOf"]
        return None if nothing else example(schema["anyOf"][0], long)
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        fields = schema.get("properties", {})
        return {name: example(fields[name], long) for name in schema.get("required", [])}
    if schema["type"] == "array":
        return [example(schema["items"], long)] * long
    return {"string": "x", "integer": 1, "boolean": True}[schema["type"]]


class Listening:
    """Answers as the document says, and keeps which operations were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        name = hold_to_the_document(request)
        self.asked.append(name)
        return httpx2.Response(200, json=answer_of(request, name))


def by_method() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for method, call in CALLS.items():
        listening = Listening()
        http = httpx2.Client(transport=httpx2.MockTransport(listening))
        with Heed("https://heed.example/", "heed_k", http=http) as heed:
            done = call(heed)
            if inspect.isgenerator(done):
                list(done)
        found[method] = set(listening.asked)
    return found


def test_every_operation_has_a_method_and_every_method_keeps_to_the_document() -> None:
    assert methods(Heed) == set(CALLS)
    found = by_method()
    assert all(len(operations) == 1 for operations in found.values())
    assert set.union(*found.values()) == set(OPERATIONS)


def test_both_ways_of_writing_a_site_have_the_same_methods() -> None:
    assert methods(AsyncHeed) == methods(Heed)

    async def ask(call: Callable[[Any], Any]) -> list[str]:
        listening = Listening()
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(listening))
        async with AsyncHeed("https://heed.example", "heed_k", http=http) as heed:
            done = call(heed)
            if inspect.isasyncgen(done):
                _ = [one async for one in done]
            else:
                await done
        return listening.asked

    def all_asked() -> dict[str, set[str]]:
        with asyncio.Runner() as runner:
            return {method: set(runner.run(ask(call))) for method, call in CALLS.items()}

    assert apart(all_asked) == by_method()


# ------------------------------------------------------------------ what it stands on


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def test_the_client_needs_no_heed_and_heed_no_client() -> None:
    client = ROOT / "clients" / "python" / "heed_client"
    needs = set.union(*(imported(path) for path in client.glob("*.py")))
    assert needs - sys.stdlib_module_names == {"httpx2", "standardwebhooks"}
    house = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert not any("import heed_client" in one or "from heed_client" in one for one in house)
