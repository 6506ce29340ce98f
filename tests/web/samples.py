"""Answers that services could give, for tests of how pages show them."""

import math
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from alquimista.dashboards.models.client import (
    AgentFigures,
    AgentLine,
    AgentUsage,
    DayFigures,
    IncidentLine,
    IntegrationLine,
    Limits,
    PlanUse,
    TenantMe,
    TenantUsage,
)
from alquimista.dashboards.models.company import (
    CompanyOverview,
    FeedCommand,
    OpenIncident,
    PeriodBefore,
    PlatformCounts,
    PlatformDay,
    TenantLine,
)
from alquimista.dashboards.models.figures import Figures, Money, Period
from alquimista.dashboards.models.staff import TopAgentUsage
from alquimista.web.client.overview import Answers

NOW = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
NAMES = (
    "Atendimento e triagem de pacientes",
    "Confirmação de consultas",
    "Prospecção ativa",
    "Cobrança amigável",
    "Pesquisa de satisfação",
    "Agendamento por WhatsApp",
    "Recuperação de carrinho",
    "Suporte de primeiro nível",
    "Qualificação de leads",
    "Onboarding de clientes",
    "Renovação de contratos",
    "Análise de avaliações",
)


def agent_id(index: int) -> UUID:
    return UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + index)


def figures(total: int, *, failed_share: float = 0.012, response: float = 1180.0) -> dict[str, object]:
    failed = int(total * failed_share)
    return {
        "total_requests": total,
        "successful_requests": total - failed,
        "failed_requests": failed,
        "success_rate": round((total - failed) / total * 100, 2) if total else None,
        "avg_response_time_ms": response if total else None,
        "p95_response_time_ms": response * 2.4 if total else None,
        "total_tokens": total * 812,
        "cost": [Money("BRL", round(total * 0.0213, 2))] if total else [],
    }


def usage(period: Period = Period.MONTH, *, end: date = TODAY, scale: float = 1.0) -> TenantUsage:
    count = int(period.value[:-1])
    days = []
    for i in range(count):
        when = end - timedelta(days=count - 1 - i)
        weekend = 0.45 if when.weekday() >= 5 else 1.0
        total = int(scale * weekend * (1450 + 11 * i + 260 * math.sin(i * 1.7)))
        days.append(DayFigures(date=when, **figures(total, response=1100 + 90 * math.sin(i))))
    whole = sum(d.total_requests for d in days)
    shares = [1 / (1 + i * 0.7) for i in range(len(NAMES) - 1)]
    agents = [
        AgentFigures(
            agent_id=agent_id(i),
            agent_name=NAMES[i],
            **figures(int(whole * share / sum(shares)), failed_share=0.004 * (i + 1), response=640.0 + 210 * i),
        )
        for i, share in enumerate(shares)
    ]
    return TenantUsage(period=period, summary=Figures(**figures(whole)), daily_data=days, by_agent=agents)


def tenant(**changes: object) -> TenantMe:
    values: dict[str, object] = {
        "id": UUID(int=7),
        "name": "Clínica Vitória Régia",
        "cnpj": "11222333000181",
        "segment": "Saúde",
        "plan": "profissional",
        "status": "active",
        "mrr_estimate": 1990.0,
        "created_at": NOW - timedelta(days=200),
        "time_zone": "America/Sao_Paulo",
        "demo": False,
        "limits": Limits(20, 12, 50_000),
        "usage": PlanUse(12, 12, 41_734),
    }
    return TenantMe(**{**values, **changes})


def agents() -> list[AgentLine]:
    status = ("active",) * 9 + ("inactive", "suspended", "active")
    return [
        AgentLine(
            id=agent_id(i),
            name=name,
            segment=("Saúde", "Vendas", "Financeiro")[i % 3],
            status=status[i],
            activated_at=NOW - timedelta(days=90 - i),
            usage_last_30_days=AgentUsage(0, None, None),
        )
        for i, name in enumerate(NAMES)
    ]


def integrations() -> list[IntegrationLine]:
    return [
        IntegrationLine(
            UUID(int=1), "whatsapp", "WhatsApp Business da recepção", "active", NOW - timedelta(minutes=4), None
        ),
        IntegrationLine(UUID(int=2), "calendar", "Google Agenda", "active", NOW - timedelta(hours=1), None),
        IntegrationLine(
            UUID(int=3),
            "crm",
            "CRM da rede",
            "error",
            NOW - timedelta(days=2),
            "401 Unauthorized: o token expirou; conecte novamente.",
        ),
        IntegrationLine(UUID(int=4), "email", "SMTP transacional", "pending", None, None),
    ]


def incidents() -> list[IncidentLine]:
    def line(n: int, severity: str, title: str, text: str, age: timedelta, *, solved: bool = False) -> IncidentLine:
        return IncidentLine(UUID(int=n), severity, title, text, NOW - age, NOW - age / 2 if solved else None)

    return [
        line(1, "critical", "CRM da rede sem resposta", "Nenhuma sincronização há dois dias.", timedelta(minutes=17)),
        line(2, "warning", "Cota mensal em 83 %", "O consumo deste mês passou de 80 % do plano.", timedelta(hours=5)),
        line(3, "error", "Tempo de resposta alto", "p95 acima de 6 s por 15 minutos.", timedelta(days=3), solved=True),
    ]


def answers(period: Period = Period.MONTH, **changes: object) -> Answers:
    values: dict[str, object] = {
        "tenant": tenant(),
        "usage": usage(period),
        "previous": usage(period, end=TODAY - timedelta(days=int(period.value[:-1])), scale=0.84),
        "agents": agents(),
        "integrations": integrations(),
        "incidents": incidents(),
        "incident_total": 3,
    }
    return Answers(**{**values, **changes})


def empty_answers() -> Answers:
    nothing = [DayFigures(date=TODAY - timedelta(days=29 - i), **figures(0)) for i in range(30)]
    none = TenantUsage(period=Period.MONTH, summary=Figures(**figures(0)), daily_data=nothing, by_agent=[])
    return answers(
        tenant=tenant(name="Nova Empresa", usage=PlanUse(0, 1, 0)),
        usage=none,
        previous=none,
        agents=[],
        integrations=[],
        incidents=[],
        incident_total=0,
    )


def company(period: Period = Period.MONTH) -> CompanyOverview:
    days = usage(period, scale=9.0).daily_data
    names = ("Clínica Vitória Régia", "Transportes Aurora", "Farma Sul", "Banco Jacarandá", "Varejo Guarani")
    return CompanyOverview(
        period=period,
        counts=PlatformCounts(37, 34, 412, 268, 2, 4_512_300),
        total_requests=sum(d.total_requests for d in days),
        success_rate=98.81,
        avg_response_time_ms=1180.0,
        daily=[PlatformDay(d.date, d.total_requests, d.failed_requests) for d in days],
        top_tenants=[
            TenantLine(
                UUID(int=i),
                name,
                ("enterprise", "expert", "profissional", "starter")[i % 4],
                "suspended" if i == 3 else "active",
                i == 1,
                int(180_000 / (i + 1)),
                99.4 - i,
                900.0 + 130 * i,
            )
            for i, name in enumerate(names)
        ],
        incidents=[
            OpenIncident(
                UUID(int=1), UUID(int=0), names[0], "critical", "CRM sem resposta", NOW - timedelta(minutes=17)
            ),
            OpenIncident(UUID(int=2), UUID(int=9), None, "warning", "Fila de e-mail lenta", NOW - timedelta(hours=3)),
        ],
        before=PeriodBefore(sum(d.total_requests for d in days) // 2, 97.81, 1400.0),
        top_agents=[TopAgentUsage(UUID(int=7), "Retenção", 91_000, 99.1, 12)],
        commands=[
            FeedCommand(
                UUID(int=5), "RESTART_AGENT", UUID(int=0), names[0], "SUCCESS", "Ana Souza", NOW - timedelta(hours=2)
            ),
            FeedCommand(UUID(int=6), "HEALTH_CHECK", None, None, "RUNNING", None, NOW - timedelta(minutes=1)),
        ],
    )
