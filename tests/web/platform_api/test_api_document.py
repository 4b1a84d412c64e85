"""The document of the API: every change to it shows in review, and the API keeps to it."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from heed.web.platform_api.urls import api as described
from tests.web.platform_api.engineer import Api

GOLDEN = Path(__file__).parents[2] / "golden" / "openapi.json"
RENEW = (
    "The API's document changed. It only ever grows: if that is what you mean, renew it with\n"
    "    PYTHONPATH=src python -m tests.web.platform_api.renew\n"
    "and let the difference be read in review."
)
HELD_TO = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


def document() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(json.dumps(described.get_openapi_schema()))
    return said


OPERATIONS = [
    (method, path) for path, operations in document()["paths"].items() for method in operations
]


def test_the_document_is_the_one_that_was_reviewed() -> None:
    assert document() == json.loads(GOLDEN.read_text(encoding="utf-8")), RENEW


def test_every_operation_says_how_it_refuses() -> None:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            expected = {"401", "403", "422", "429", "500", "503"}
            if method in ("post", "patch"):
                expected |= {"400", "411", "413", "415"}
            assert expected <= set(operation["responses"]), (method, path)


def test_the_document_is_served_to_everybody(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


@pytest.mark.django_db(transaction=True)  # a real server ends its connections between requests
def test_whatever_is_sent_the_answer_is_as_the_document_says(api: Api) -> None:
    schema = schemathesis.openapi.from_dict(document())
    schema.app = get_wsgi_application()
    for method, path in OPERATIONS:
        _holds(schema[path][method.upper()], api.key)


def _holds(operation: Any, key: str) -> None:
    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def hold(case: Any) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        case.call_and_validate(headers=headers, checks=CHECKS.get_by_names(HELD_TO))

    hold()
