"""Stripe on a real socket, as far as we use it: keys, idempotency, Checkout, intents, refunds, signed webhooks."""

import hashlib
import hmac
import itertools
import json
import re
from copy import deepcopy
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alquimista import clock

KEY = "sk_test_51FakeFakeFakeFakeFake"
WEBHOOK_SECRET = "whsec_fakefakefakefakefakefake"
VERSION = "2026-10-28.endive"
Json = dict[str, Any]
_DECLINES = {"pm_card_declined": "insufficient_funds", "pm_card_absent": "authentication_required"}


class RefusedError(Exception):
    def __init__(self, status: int, **error: Any) -> None:
        super().__init__(error)
        self.answer = JSONResponse({"error": error}, status)


class FakeStripe:
    """Holds everything in memory. `collected` is what really matters: the money taken for a charge."""

    def __init__(self) -> None:
        self.objects: dict[str, Json] = {}
        self.kept: dict[str, tuple[str, Json, int, Any]] = {}
        self.broken = False
        self._ids = itertools.count(1)

    def app(self) -> Starlette:
        paths = {
            "/v1/customers": {"POST": self._customer},
            "/v1/checkout/sessions": {"POST": self._session, "GET": self._list("cs_")},
            "/v1/checkout/sessions/{id}": {"GET": self._one},
            "/v1/checkout/sessions/{id}/expire": {"POST": self._expire},
            "/v1/payment_intents": {"POST": self._intent, "GET": self._list("pi_")},
            "/v1/payment_intents/{id}": {"GET": self._one},
            "/v1/refunds": {"POST": self._refund, "GET": self._list("re_")},
            "/v1/billing_portal/sessions": {"POST": self._portal},
        }

        def endpoint(handlers: Json) -> Any:
            async def answer(request: Request) -> Response:
                return await self._answer(request, handlers[request.method])

            return answer

        return Starlette(routes=[Route(path, endpoint(each), methods=[*each]) for path, each in paths.items()])

    # What the outside world does.

    def pay(self, session_id: str, method: str = "pm_card_visa") -> list[Json]:
        """The payer pays on the page, or is declined there; the events that Stripe sends, in order."""
        session = self.objects[session_id]
        assert session["status"] == "open"
        sent = session["_intent_data"]
        intent = self._new_intent(session["amount_total"], session["currency"], session["customer"], sent, method)
        intent["setup_future_usage"] = sent.get("setup_future_usage")
        session["payment_intent"] = intent["id"]
        if method in _DECLINES:
            return [self.event("payment_intent.payment_failed", intent)]
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        return [
            self.event("payment_intent.succeeded", intent),
            self.event("checkout.session.completed", session),
        ]

    def pay_later(self, session_id: str) -> Json:
        """The payer takes a voucher: the page is complete, the money is to come."""
        session = self.objects[session_id]
        sent = session["_intent_data"]
        intent = self._new_intent(session["amount_total"], session["currency"], session["customer"], sent, "pm_boleto")
        intent["status"] = "requires_action"
        session |= {"payment_intent": intent["id"], "status": "complete", "payment_status": "unpaid", "url": None}
        return self.event("checkout.session.completed", session)

    def voucher(self, session_id: str, *, paid: bool) -> Json:
        """The voucher is paid, or is not in time."""
        session = self.objects[session_id]
        intent = self.objects[session["payment_intent"]]
        if paid:
            intent["status"], session["payment_status"] = "succeeded", "paid"
        else:
            intent |= {"status": "requires_payment_method", "last_payment_error": {"code": "payment_intent_expired"}}
        return self.event(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)

    def run_out(self, session_id: str) -> Json:
        """The page's day is over."""
        self.objects[session_id] |= {"status": "expired", "url": None}
        return self.event("checkout.session.expired", self.objects[session_id])

    def refunded(self, intent_id: str) -> Json:
        """The event of the last refund."""
        return self.event("charge.refunded", self.objects[self.objects[intent_id]["latest_charge"]])

    def collected(self, charge_id: object) -> int:
        """Cents that were taken for a charge."""
        return sum(
            one["amount"]
            for key, one in self.objects.items()
            if key.startswith("pi_") and one["status"] == "succeeded" and one["metadata"]["charge_id"] == str(charge_id)
        )

    def event(self, kind: str, subject: Json, **changes: Any) -> Json:
        envelope = {"object": "event", "api_version": VERSION, "livemode": False, "pending_webhooks": 1}
        made = {"id": self._id("evt"), "type": kind, "created": _now(), "data": {"object": _shown(subject)}}
        return envelope | made | changes

    def delivered(
        self, event: Json, *, secret: str = WEBHOOK_SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        """A webhook's headers and body."""
        body = json.dumps(event, indent=2).encode()
        return {"Stripe-Signature": signature(body, secret, at or clock.now())}, body

    # What the API does.

    async def _answer(self, request: Request, handler: Any) -> Response:
        body = (await request.body()).decode()
        sent = nested(parse_qsl(body, keep_blank_values=True))
        if request.headers.get("authorization") != f"Bearer {KEY}":
            shown = request.headers.get("authorization")
            return RefusedError(401, type="invalid_request_error", message=f"Invalid API Key provided: {shown}").answer
        if request.headers.get("stripe-version") != VERSION:
            return RefusedError(400, type="invalid_request_error", message="version").answer
        key = request.headers.get("idempotency-key")
        if request.method == "POST" and key in self.kept:
            path, before, status, answered = self.kept[key]
            if (path, before) != (request.url.path, sent):
                return RefusedError(400, type="idempotency_error", message="Keys for idempotent requests").answer
            return JSONResponse(answered, status, {"Idempotent-Replayed": "true"})
        try:
            made, status = _shown(handler(request, sent)), 200
        except RefusedError as refusal:
            # What failed in the doing is repeated for its key; what was refused before it began is not.
            status = refusal.answer.status_code
            if status not in {402, 500}:
                return refusal.answer
            made = json.loads(bytes(refusal.answer.body))
        if request.method == "POST" and key:
            self.kept[key] = (request.url.path, sent, status, deepcopy(made))
        return JSONResponse(made, status, {"Request-Id": "req_fake"})

    def _customer(self, request: Request, sent: Json) -> Json:
        return self._keep("cus", {"object": "customer", **sent})

    def _session(self, request: Request, sent: Json) -> Json:
        if self.broken:
            raise RefusedError(500, type="api_error", message="An unknown error occurred")
        lines = sent["line_items"]
        amounts = [int(one["price_data"]["unit_amount"]) * int(one["quantity"]) for one in lines]
        if min(amounts) < 0:
            raise RefusedError(400, type="invalid_request_error", code="parameter_invalid_integer", param="unit_amount")
        self._known(sent["customer"])
        made = {
            "object": "checkout.session",
            "mode": sent["mode"],
            "amount_total": sum(amounts),
            "currency": lines[0]["price_data"]["currency"],
            "customer": sent["customer"],
            "metadata": sent["metadata"],
            "expires_at": _now() + 86_400,
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "_intent_data": sent["payment_intent_data"],
        }
        kept = self._keep("cs_test", made)
        kept["url"] = f"https://checkout.stripe.com/c/pay/{kept['id']}"
        return kept

    def _expire(self, request: Request, sent: Json) -> Json:
        session = self._one(request, sent)
        if session["status"] != "open":
            raise RefusedError(400, type="invalid_request_error", message="This Session is not in an expireable state")
        self.objects[session["id"]] |= {"status": "expired", "url": None}
        return self.objects[session["id"]]

    def _intent(self, request: Request, sent: Json) -> Json:
        assert (sent["off_session"], sent["confirm"]) == ("true", "true")
        self._known(sent["customer"])
        intent = self._new_intent(int(sent["amount"]), sent["currency"], sent["customer"], sent, sent["payment_method"])
        if intent["last_payment_error"]:
            raise RefusedError(402, type="card_error", payment_intent=_shown(intent), **intent["last_payment_error"])
        return intent

    def _new_intent(self, amount: int, currency: str, customer: str, sent: Json, method: str) -> Json:
        declined = _DECLINES.get(method)
        error = {"code": "card_declined", "decline_code": declined, "message": "Your card was declined."}
        intent = self._keep(
            "pi",
            {
                "object": "payment_intent",
                "amount": amount,
                "currency": currency,
                "customer": customer,
                "metadata": sent["metadata"],
                "payment_method": None if declined else method,
                "setup_future_usage": None,
                "status": "requires_payment_method" if declined else "succeeded",
                "last_payment_error": error if declined else None,
                "latest_charge": None,
            },
        )
        charge = {"object": "charge", "amount_refunded": 0, "refunded": False, "payment_intent": intent["id"]}
        copied = {name: intent[name] for name in ("amount", "currency", "customer", "metadata")}
        intent["latest_charge"] = self._keep("ch", charge | copied)["id"]
        return intent

    def _refund(self, request: Request, sent: Json) -> Json:
        intent = self._known(sent["payment_intent"])
        charge = self.objects[intent["latest_charge"]]
        amount = int(sent["amount"])
        if charge["amount_refunded"] + amount > charge["amount"]:
            raise RefusedError(400, type="invalid_request_error", code="charge_already_refunded")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return self._keep("re", {"object": "refund", "status": "succeeded", **sent, "amount": amount})

    def _portal(self, request: Request, sent: Json) -> Json:
        self._known(sent["customer"])
        made = self._keep("bps", {"object": "billing_portal.session", **sent})
        return made | {"url": f"https://billing.stripe.com/p/session/{made['id']}"}

    def _one(self, request: Request, sent: Json) -> Json:
        return self._expanded(self._known(request.path_params["id"]), request.query_params.get("expand[0]"))

    def _list(self, prefix: str) -> Any:
        def listed(request: Request, sent: Json) -> Json:
            query = request.query_params
            wanted = {name: query[name] for name in ("customer", "payment_intent", "status") if name in query}
            expand = (query.get("expand[0]") or "").removeprefix("data.")
            found = [
                self._expanded(one, expand)
                for key, one in reversed(self.objects.items())
                if key.startswith(prefix) and all(one.get(name) == value for name, value in wanted.items())
            ]
            return {"object": "list", "data": found[: int(query["limit"])], "has_more": False, "url": request.url.path}

        return listed

    def _expanded(self, one: Json, name: str | None) -> Json:
        inner = self.objects.get(one.get(name) or "") if name else None
        return one | {name: _shown(inner)} if inner and name else one

    def _known(self, key: str) -> Json:
        if key not in self.objects:
            raise RefusedError(404, type="invalid_request_error", code="resource_missing", param="id")
        return self.objects[key]

    def _keep(self, prefix: str, made: Json) -> Json:
        made |= {"id": self._id(prefix), "created": _now(), "livemode": False}
        made.setdefault("metadata", {})
        self.objects[made["id"]] = made
        return made

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):024d}"


def signature(body: bytes, secret: str, at: datetime) -> str:
    """The header, as Stripe makes it."""
    when = int(at.timestamp())
    mac = hmac.new(secret.encode(), f"{when}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={when},v1={mac},v0=" + "0" * 64


def nested(pairs: list[tuple[str, str]]) -> Json:
    """`a[b][0][c]=1` as objects and lists."""
    made: Json = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        at = made
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return _listed(made)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(one) for one in value.values()]
    return {key: _listed(one) for key, one in value.items()}


def _shown(value: Any) -> Any:
    """Without what is ours alone."""
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items() if not key.startswith("_")}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _now() -> int:
    return int(clock.now().timestamp())
