"""Asaas on a real socket, as far as we use it: customers, payments, Pix codes, refunds, and its webhooks."""

import itertools
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alquimista import clock

KEY = "$aact_hmlg_FakeFakeFakeFakeFakeFake"
TOKEN = "fake-webhook-token-of-thirty-six-cha"
Json = dict[str, Any]
_NUMBERS = msgspec.json.Encoder(decimal_format="number")


class RefusedError(Exception):
    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"errors": [{"code": code, "description": description}]}


class FakeAsaas:
    """Holds everything in memory. It has no idempotency keys, as the real one has none."""

    def __init__(self) -> None:
        self.customers: dict[str, Json] = {}
        self.payments: dict[str, Json] = {}
        self.pix = True
        self._ids = itertools.count(1)

    def app(self) -> Starlette:
        paths = {
            "/v3/customers": {"GET": self._customers, "POST": self._new_customer},
            "/v3/customers/{id}": {"PUT": self._change_customer},
            "/v3/payments": {"GET": self._payments, "POST": self._new_payment},
            "/v3/payments/{id}": {"GET": self._payment, "DELETE": self._delete},
            "/v3/payments/{id}/pixQrCode": {"GET": self._code},
            "/v3/payments/{id}/refund": {"POST": self._refund},
        }

        def endpoint(handlers: Json) -> Any:
            async def answer(request: Request) -> Response:
                return await self._answer(request, handlers[request.method])

            return answer

        return Starlette(routes=[Route(path, endpoint(each), methods=[*each]) for path, each in paths.items()])

    # What the outside world does.

    def pay(self, payment_id: str, kind: str = "PAYMENT_RECEIVED") -> Json:
        self.payments[payment_id]["status"] = kind.removeprefix("PAYMENT_")
        return self.event(kind, payment_id)

    def becomes(self, payment_id: str, status: str, kind: str) -> Json:
        self.payments[payment_id]["status"] = status
        return self.event(kind, payment_id)

    def delete(self, payment_id: str) -> Json:
        self.payments[payment_id]["deleted"] = True
        return self.event("PAYMENT_DELETED", payment_id)

    def refunded(self, payment_id: str) -> Json:
        whole = self.payments[payment_id]["status"] == "REFUNDED"
        return self.event("PAYMENT_REFUNDED" if whole else "PAYMENT_PARTIALLY_REFUNDED", payment_id)

    def alive(self, charge_id: object) -> list[Json]:
        """Payments that somebody could pay, or paid, for a charge."""
        mine = [one for one in self.payments.values() if one["externalReference"].endswith(str(charge_id))]
        return [one for one in mine if not one["deleted"]]

    def event(self, kind: str, payment_id: str) -> Json:
        return {
            "id": f"evt_{next(self._ids):032x}&{next(self._ids)}",
            "event": kind,
            "dateCreated": _local(),
            "account": {"id": "a6a1f0a1", "ownerId": None},
            "payment": dict(self.payments[payment_id]),
        }

    def delivered(self, event: Json, *, token: str = TOKEN) -> tuple[dict[str, str], bytes]:
        return {"asaas-access-token": token, "User-Agent": "Java/1.8.0_282"}, _NUMBERS.encode(event)

    # What the API does.

    async def _answer(self, request: Request, handler: Any) -> Response:
        body = await request.body()
        sent = json.loads(body, parse_float=Decimal) if body else {}
        try:
            self._admit(request, body)
            return _json(200, handler(request, sent))
        except RefusedError as refusal:
            return _json(refusal.status, refusal.body)

    def _admit(self, request: Request, body: bytes) -> None:
        shown = request.headers.get("access_token")
        if shown != KEY:
            raise RefusedError(401, "invalid_access_token", f"A chave de API {shown} é inválida")
        if not request.headers.get("user-agent") or (request.method == "GET" and body):
            raise RefusedError(403, "forbidden", "")

    def _customers(self, request: Request, sent: Json) -> Json:
        return _page([one for one in self.customers.values() if _fits(one, request)])

    def _new_customer(self, request: Request, sent: Json) -> Json:
        if not re.fullmatch(r"\d{11}|[0-9A-Z]{12}\d{2}", sent["cpfCnpj"]):
            raise RefusedError(400, "invalid_cpfCnpj", f"O CPF/CNPJ informado é inválido. Chave {KEY}")
        made = {"object": "customer", "id": f"cus_{next(self._ids):012d}", "deleted": False, **sent}
        self.customers[made["id"]] = made
        return made

    def _change_customer(self, request: Request, sent: Json) -> Json:
        self.customers[request.path_params["id"]] |= sent
        return self.customers[request.path_params["id"]]

    def _payments(self, request: Request, sent: Json) -> Json:
        return _page([one for one in self.payments.values() if _fits(one, request) and not one["deleted"]])

    def _new_payment(self, request: Request, sent: Json) -> Json:
        value = Decimal(sent["value"])
        if value < 5 or value != value.quantize(Decimal("0.01")):
            raise RefusedError(400, "invalid_value", "O valor mínimo para cobranças é de R$ 5,00.")
        if date.fromisoformat(sent["dueDate"]) < clock.now().astimezone(ZoneInfo("America/Sao_Paulo")).date():
            raise RefusedError(400, "invalid_dueDate", "A data de vencimento não pode ser inferior à hoje")
        if sent["customer"] not in self.customers:
            raise RefusedError(400, "invalid_customer", "Customer inválido ou não informado.")
        number = next(self._ids)
        made = {
            "object": "payment",
            "id": f"pay_{number:016d}",
            "dateCreated": _local()[:10],
            "netValue": value - Decimal("0.99"),
            "status": "PENDING",
            "deleted": False,
            "originalDueDate": sent["dueDate"],
            "invoiceUrl": f"https://sandbox.asaas.com/i/{number:016d}",
            "bankSlipUrl": f"https://sandbox.asaas.com/b/pdf/{number:016d}",
            "refunds": None,
            **sent,
            "value": value,
        }
        self.payments[made["id"]] = made
        return made

    def _payment(self, request: Request, sent: Json) -> Json:
        if request.path_params["id"] not in self.payments:
            raise RefusedError(404, "not_found", "")
        return self.payments[request.path_params["id"]]

    def _delete(self, request: Request, sent: Json) -> Json:
        payment = self._payment(request, sent)
        if payment["status"] not in {"PENDING", "OVERDUE"}:
            raise RefusedError(400, "invalid_action", "Não é possível remover uma cobrança recebida.")
        payment["deleted"] = True
        return {"deleted": True, "id": payment["id"]}

    def _code(self, request: Request, sent: Json) -> Json:
        if not self.pix:
            raise RefusedError(400, "invalid_action", "Não há chave Pix disponível.")
        payment = self._payment(request, sent)
        expires = date.fromisoformat(payment["dueDate"])
        return {
            "encodedImage": "iVBORw0KGgo=",
            "payload": f"00020101021226470014br.gov.bcb.pix2525qr.example/{payment['id']}6304ABCD",
            "expirationDate": f"{expires.replace(year=expires.year + 1)} 23:59:59",
        }

    def _refund(self, request: Request, sent: Json) -> Json:
        payment = self._payment(request, sent)
        before = sum(one["value"] for one in payment["refunds"] or [])
        value = Decimal(sent["value"])
        if payment["status"] not in {"RECEIVED", "CONFIRMED"} or before + value > payment["value"]:
            raise RefusedError(400, "invalid_action", "O valor a ser estornado excede o saldo da cobrança.")
        made = {"dateCreated": _local(), "status": "DONE", "value": value, "description": sent["description"]}
        payment["refunds"] = [*(payment["refunds"] or []), made]
        if before + value == payment["value"]:
            payment["status"] = "REFUNDED"
        return payment


def _fits(one: Json, request: Request) -> bool:
    return one["externalReference"] == request.query_params["externalReference"]


def _page(found: list[Json]) -> Json:
    return {"object": "list", "hasMore": False, "totalCount": len(found), "limit": 100, "offset": 0, "data": found}


def _json(status: int, made: Any) -> Response:
    return Response(_NUMBERS.encode(made), status, media_type="application/json")


def _local() -> str:
    return f"{clock.now().astimezone(ZoneInfo('America/Sao_Paulo')):%Y-%m-%d %H:%M:%S}"
