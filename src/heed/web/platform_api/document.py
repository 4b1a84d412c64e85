"""The document that describes this API: what the framework can't know by itself."""

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from heed.web.platform_api import partner_rows, said
from heed.web.platform_api.answers import ProblemAnswer

PREFIX = "/api/v1/"  # fixed: it only ever grows
REF = "#/components/schemas/{model}"
_REQUESTS: list[type[BaseModel]] = [
    said.ItemSaid,
    said.Change,
    said.UploadsSaid,
    said.NoticeSaid,
    said.ResultsSaid,
    partner_rows.PartnerNoticesSaid,
    partner_rows.PartnerNoticeSaid,
]
_PROBLEMS = {
    "400": "The body can't be read at all",
    "401": "No valid key",
    "403": "The key lacks the scope of this operation",
    "404": "Nothing of this name on this platform",
    "409": "A request with this Idempotency-Key is being answered",
    "411": "The body has no Content-Length",
    "413": "The body is too large; the answer says what to do",
    "415": "A media type that this operation does not read",
    "422": "A field does not fit; the answer names it and the remedy",
    "429": "Too many requests; see Retry-After",
    "500": "Heed failed; nothing to mend on your side",
    "503": "Heed can't reach its database; ask again",
}
_EVERYWHERE = ("401", "403", "422", "429", "500", "503")
_WITH_BODY = ("400", "411", "413", "415")
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "The same key with the same body gives the same answer, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def ref(model: type[BaseModel]) -> dict[str, str]:
    """A pointer to a request's schema."""
    return {"$ref": REF.format(model=model.__name__)}


def body(types: dict[str, Any], *, idempotent: bool = False) -> dict[str, Any]:
    """A body that this door reads itself."""
    content = {name: {"schema": schema} for name, schema in types.items()}
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    return extra | ({"parameters": [_KEY]} if idempotent else {})


class HeedAPI(NinjaAPI):
    """Ninja's API, with bodies and problems in its document."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """OpenAPI 3.1. Ninja's options are passed over: this API stands in one place."""
        schema = super().get_openapi_schema(path_prefix=PREFIX)
        _, requests = models_json_schema(
            [(model, "validation") for model in _REQUESTS], ref_template=REF
        )
        problem = ProblemAnswer.model_json_schema(ref_template=REF)
        definitions = requests["$defs"] | problem.pop("$defs") | {"Problem": problem}
        schema["components"]["schemas"].update(definitions)
        schema["components"]["responses"] = {
            status: _problem(text) for status, text in _PROBLEMS.items()
        }
        for operations in schema["paths"].values():
            for operation in operations.values():
                _declare_problems(operation)
        return schema


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    return {"description": description, "content": content}


def _declare_problems(operation: dict[str, Any]) -> None:
    """Each operation can be refused; ninja names none of it."""
    places = {one["in"] for one in operation["parameters"]}
    statuses = [*_EVERYWHERE]
    statuses += _WITH_BODY if "requestBody" in operation else ()
    statuses += ["404"] if "path" in places else []
    statuses += ["409"] if "header" in places else []
    named = {str(status): said for status, said in operation["responses"].items()}
    refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}
    operation["responses"] = dict(sorted((refusals | named).items()))
