"""OpenAPI 3.1 from the route table: what each route takes, answers, and may refuse, with nothing written twice."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from alquimista import __version__
from alquimista.access import ActorKind
from alquimista.config import Settings
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.openapi_problems import refusals
from alquimista.http.plan import body_optional
from alquimista.http.problems import MEDIA_TYPE, ProblemDocument, document
from alquimista.http.responses import JSON, Answer, encode
from alquimista.http.routes import Content, Route, TenantScope
from alquimista.http.security import SESSION_COOKIE, cookie_name

_PARAMETER: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_REF: Final = "#/components/schemas/{name}"
_SCHEMES: Final = {ActorKind.TOKEN: "accessToken", ActorKind.API_KEY: "apiKey", ActorKind.SESSION: "session"}
_INT64_MAX: Final = 2**63 - 1

Json = dict[str, Any]


def route(table: Iterable[Route], settings: Settings) -> Route:
    """GET /openapi.json of a table. The document is made once, when it is first asked for."""
    routes = tuple(table)
    made: list[bytes] = []

    async def handler(_context: Context) -> Answer:
        if not made:
            made.append(encode(build(routes, settings)))
        return Answer(200, made[0], headers={"cache-control": "public, max-age=300"})

    return Route(
        method="GET",
        path="/openapi.json",
        handler=handler,
        summary="This API, as an OpenAPI 3.1 document",
        tag="platform",
        permission=None,
        kinds=frozenset(),
        response=dict[str, Any],
    )


def build(table: Iterable[Route], settings: Settings) -> Json:
    """The document of the documented routes, as plain dicts and lists."""
    routes = [route for route in table if route.documented]
    schemas = _Schemas(routes)
    paths: dict[str, Json] = {}
    for one in routes:
        paths.setdefault(_PARAMETER.sub(r"{\1}", one.path), {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Alquimista",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Unknown query parameters and body fields are refused. Every failure is a problem document "
            "(RFC 9457), in Portuguese or English by Accept-Language.",
        },
        "servers": [{"url": settings.public_url}],
        "tags": [{"name": tag} for tag in sorted({one.tag for one in routes})],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _security_schemes(settings)},
    }


class _Schemas:
    """The schemas of all shapes, made in one go so that names are settled between them."""

    def __init__(self, routes: Sequence[Route]) -> None:
        shapes: list[Any] = [ProblemDocument]
        for one in routes:
            shapes += [one.body, one.response, *one.others.values()]
            shapes += [content.shape for content in one.raw_content.values()]
            shapes += [field.type for field in _query_fields(one)]
        distinct = list({repr(shape): shape for shape in shapes if shape is not None}.items())
        made, components = msgspec.json.schema_components([shape for _, shape in distinct], ref_template=_REF)
        self._made: dict[str, Json] = {name: _bounded(schema) for (name, _), schema in zip(distinct, made, strict=True)}
        self.components = {name: _bounded(schema) for name, schema in sorted(components.items())}

    def of(self, shape: Any) -> Json:  # noqa: ANN401 - A type form.
        """The schema of a shape, usually a reference."""
        return self._made[repr(shape)]


def _bounded(schema: Any) -> Any:  # noqa: ANN401 - Any JSON.
    """The schema with integers bounded to the 64 bits that are accepted."""
    if isinstance(schema, list):
        return [_bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bounded = {name: _bounded(value) for name, value in schema.items()}
    if schema.get("type") == "integer":
        if not {"minimum", "exclusiveMinimum"} & schema.keys():
            bounded["minimum"] = -_INT64_MAX - 1
        if not {"maximum", "exclusiveMaximum"} & schema.keys():
            bounded["maximum"] = _INT64_MAX
    return bounded


def _query_fields(one: Route) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(one.query) if one.query else ()


def _operation(one: Route, schemas: _Schemas) -> Json:
    words = re.findall(r"\w+", _PARAMETER.sub(r"\1", one.path))
    operation: Json = {
        "operationId": "_".join((one.method.lower(), *words)),
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": _parameters(one, schemas),
        "responses": _responses(one, schemas),
        "security": [{_SCHEMES[kind]: []} for kind in sorted(one.kinds)] if one.permission else [],
    }
    if one.permission:
        operation["x-permission"] = one.permission.value
    if one.body is not None or one.raw_body:
        operation["requestBody"] = {"required": not body_optional(one), "content": _body_content(one, schemas)}
    return operation


def _body_content(one: Route, schemas: _Schemas) -> Json:
    """What the body holds, by media type."""
    parsed = Content(shape=one.body, example=one.example)
    found: Json = {}
    for media in one.media:
        content = one.raw_content.get(media, Content()) if one.raw_body else parsed
        found[media] = {} if content.shape is None else {"schema": schemas.of(content.shape)}
        if content.example is not None:
            found[media]["example"] = msgspec.to_builtins(content.example)
    return found


def _parameters(one: Route, schemas: _Schemas) -> list[Json]:
    parameters: list[Json] = []
    for name, kind in _PARAMETER.findall(one.path):
        schema = {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": "string", "minLength": 1}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    for field in _query_fields(one):
        schema = dict(schemas.of(field.type))
        described = {"description": schema.pop("description")} if "description" in schema else {}
        if field.default is not msgspec.NODEFAULT and field.default is not None:
            schema["default"] = msgspec.to_builtins(field.default)
        parameters.append(
            {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema, **described}
        )
    parameters += [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}
        for name, description in one.request_headers.items()
    ]
    if one.scope is TenantScope.OWN and "tenant_id" not in {p["name"] for p in parameters}:
        parameters.append(
            {
                "name": "tenant_id",
                "in": "query",
                "required": False,
                "schema": {"type": "string", "format": "uuid"},
                "description": "For staff, who must name a company; anybody else may only name their own.",
            }
        )
    return parameters


def _responses(one: Route, schemas: _Schemas) -> Json:
    answers: dict[int, Json] = {}
    if one.response is None:
        answers[204 if one.status == 200 else one.status] = {"description": "Done."}
    else:
        content = _answer_content(one, schemas, one.response)
        if one.example is not None and one.body is None and not one.raw_body:
            content[one.answers[0]]["example"] = msgspec.to_builtins(one.example)
        answers[one.status] = {"description": "Success.", "content": content}
    for status, shape in one.others.items():
        answers[status] = {"description": "See the schema.", "content": _answer_content(one, schemas, shape)}
    if one.cache is not None:
        answers[one.status]["headers"] = {"X-Cache-Status": {"schema": {"type": "string", "enum": ["HIT", "MISS"]}}}
        answers[304] = {"description": "If-None-Match names the present answer."}
    for status, classes in refusals(one).items():
        if status not in answers:
            answers[status] = _problem_response(one, status, classes)
        else:
            answers[status]["content"] |= _problem_response(one, status, classes)["content"]
    return {str(status): answers[status] for status in sorted(answers)}


def _answer_content(one: Route, schemas: _Schemas, shape: Any) -> Json:  # noqa: ANN401 - A type form.
    return {media: {"schema": schemas.of(shape)} if media == JSON or shape is str else {} for media in one.answers}


def _problem_response(one: Route, status: int, classes: Sequence[type[Problem]]) -> Json:
    response: Json = {
        "description": " ".join(dict.fromkeys(str(kind.title) for kind in classes)) + ".",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": _REF.format(name=ProblemDocument.__name__)},
                "examples": {kind.code: {"value": _sample(one, kind)} for kind in classes},
            }
        },
    }
    if status in {429, 503}:
        seconds = {"type": "integer", "minimum": 0}
        response["headers"] = {"Retry-After": {"schema": seconds, "description": "Seconds to wait."}}
    return response


def _sample(one: Route, kind: type[Problem]) -> Json:
    """A problem as it looks, its placeholders left as they are."""

    class _Verbatim(dict[str, Any]):
        def __missing__(self, key: str) -> str:
            return f"<{key}>"

    text = kind.message.template.format_map(_Verbatim(kind.message.params))
    sample = document(Problem(), locale="en", instance=one.path, trace_id="0af7651916cd43dd8448eb211c80319c")
    changes = {"type": f"urn:alquimista:problem:{kind.code}", "title": str(kind.title), "status": kind.status}
    changes |= {"detail": text, "message": text, "error": kind.code}
    return dict(msgspec.to_builtins(msgspec.structs.replace(sample, **changes)))


def _security_schemes(settings: Settings) -> Json:
    return {
        "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "API key"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie_name(settings, SESSION_COOKIE),
            "description": "A browser's session. Unsafe methods also need the X-CSRF-Token header.",
        },
    }
