"""Who the demo companies are, and what their agents do: plain data and a seeded generator, no I/O."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

SEED: Final = "alquimista-demo-1"
ZONE: Final = "America/Sao_Paulo"
HISTORY_DAYS: Final = 34  # Events are accepted up to 35 days late.


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """An agent of the catalogue and how it behaves: latency in ms, share of errors, model, tokens of an answer."""

    slug: str
    latency_ms: int
    error_rate: float
    model: str
    tokens: int


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """A company: `daily` requests on a working day at the end of the history, its agents by slug, its SubNúcleos."""

    slug: str
    name: str
    cnpj: str
    segment: str
    plan: str
    daily: int
    agents: tuple[str, ...]
    subnucleos: tuple[str, ...] = ()

    @property
    def id(self) -> UUID:
        """The same on every installation."""
        return uuid5(NAMESPACE_URL, f"{SEED}/{self.slug}")


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """One request that an agent served."""

    key: str
    agent: str
    at: datetime
    failed: bool
    latency_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    model: str


AGENTS: Final = (
    DemoAgent("agendamento", 900, 0.012, "gpt-5-mini", 260),
    DemoAgent("clinica-medica", 1300, 0.018, "gpt-5-mini", 340),
    DemoAgent("pesquisa-de-satisfacao", 600, 0.006, "gpt-5-nano", 140),
    DemoAgent("cobranca", 1500, 0.025, "claude-haiku-4-5", 310),
    DemoAgent("delivery", 750, 0.010, "gpt-5-nano", 180),
    DemoAgent("suporte-tecnico", 2100, 0.031, "claude-sonnet-5", 520),
    DemoAgent("sdr-spin", 1800, 0.020, "claude-sonnet-5", 460),
    DemoAgent("vendas-ativas", 1600, 0.022, "gpt-5-mini", 400),
)
BY_SLUG: Final = {agent.slug: agent for agent in AGENTS}

TENANTS: Final = (
    DemoTenant(
        "clinica-vitoria-regia",
        "Clínica Vitória-Régia (demo)",
        "11222333000181",
        "Saúde",
        "profissional",
        460,
        ("agendamento", "clinica-medica", "pesquisa-de-satisfacao", "cobranca"),
        ("saude", "eventos"),
    ),
    DemoTenant(
        "transportes-aurora",
        "Transportes Aurora (demo)",
        "12ABC34501DE35",
        "Logística",
        "expert",
        780,
        ("delivery", "suporte-tecnico", "pesquisa-de-satisfacao", "cobranca", "vendas-ativas"),
    ),
    DemoTenant(
        "escola-ipe-amarelo",
        "Escola Ipê-Amarelo (demo)",
        "45997418000153",
        "Educação",
        "starter",
        190,
        ("sdr-spin", "vendas-ativas", "suporte-tecnico"),
    ),
)

# Micro-units of BRL for a thousand tokens, input and output together: an order of magnitude, for the demo only.
_PRICE_PER_1000: Final = {"gpt-5-nano": 900, "gpt-5-mini": 4_200, "claude-haiku-4-5": 9_800, "claude-sonnet-5": 31_000}


def bad_afternoon(day: date) -> bool:
    """Whether the model's provider was unstable from 14:00 to 16:00: one day in seventeen."""
    return day.toordinal() % 17 == 9


def requests_of(tenant: DemoTenant, day: date) -> Iterator[DemoRequest]:
    """The requests of one local day, in order of time; the same every time it is asked.

    Traffic grows and shrinks over the months, rests at weekends, follows office hours, and has bad afternoons.
    """
    rng = random.Random(f"{SEED}/{tenant.slug}/{day}")  # noqa: S311 - Repeatable demo data, not a secret.
    growth = 1 + 0.2 * math.sin(day.toordinal() / 41)
    weekend = 0.35 if day.weekday() >= 5 else 1.0
    count = round(tenant.daily * growth * weekend * rng.gauss(1, 0.06))
    midnight = datetime.combine(day, time(), ZoneInfo(ZONE))
    moments = sorted(_moment(rng) for _ in range(max(count, 0)))
    for number, seconds in enumerate(moments):
        agent = BY_SLUG[rng.choices(tenant.agents, weights=range(len(tenant.agents) + 1, 1, -1))[0]]
        unstable = bad_afternoon(day) and 14 * 3600 <= seconds < 16 * 3600
        latency = rng.lognormvariate(math.log(agent.latency_ms * (2.4 if unstable else 1)), 0.45)
        words = max(8, round(rng.gauss(agent.tokens, agent.tokens / 4)))
        prompt = words * 3 + 180
        yield DemoRequest(
            key=f"{SEED}/{day}/{number}",
            agent=agent.slug,
            at=(midnight + timedelta(seconds=seconds)).astimezone(UTC),
            failed=rng.uniform(0, 1) < (0.22 if unstable else agent.error_rate),  # demo traffic
            latency_ms=round(latency),
            input_tokens=prompt,
            output_tokens=words,
            cost_micros=(prompt + words) * _PRICE_PER_1000[agent.model] // 1000,
            model=agent.model,
        )


def _moment(rng: random.Random) -> int:
    """A second of the day: two humps, mid-morning and mid-afternoon, and a thin night."""
    while True:
        hour = rng.gauss(10.3, 1.9) if rng.uniform(0, 1) < 0.48 else rng.gauss(15.4, 2.6)  # demo traffic
        if 0 <= hour < 24:
            return int(hour * 3600)
