"""GET /tenant/usage."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers.report import PERIODS, UsageRow, usage_report

_USAGE = json.loads(Path(os.environ["STATEMENTS_FILE"]).read_text())["usage"]["sql"]


class PeriodSerializer(serializers.Serializer):
    period = serializers.ChoiceField(list(PERIODS), default="30d")


class MoneySerializer(serializers.Serializer):
    currency = serializers.CharField()
    amount = serializers.FloatField()


class FiguresSerializer(serializers.Serializer):
    total_requests = serializers.IntegerField()
    successful_requests = serializers.IntegerField()
    failed_requests = serializers.IntegerField()
    success_rate = serializers.FloatField()
    avg_response_time_ms = serializers.FloatField()
    p95_response_time_ms = serializers.FloatField()
    total_tokens = serializers.IntegerField()
    cost = MoneySerializer(many=True)


class DaySerializer(FiguresSerializer):
    date = serializers.DateField()


class AgentSerializer(FiguresSerializer):
    agent_id = serializers.UUIDField()
    agent_name = serializers.CharField()


class UsageReportSerializer(serializers.Serializer):
    period = serializers.CharField()
    summary = FiguresSerializer()
    daily_data = DaySerializer(many=True)
    by_agent = AgentSerializer(many=True)


class TenantUsage(APIView):
    """The figures of the period that ends today."""

    def get(self, request: Request) -> Response:
        """As the tenant of the token sees them."""
        query = PeriodSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        period = query.validated_data["period"]
        tenant_id = request.user.tenant_id
        with tenant_cursor(tenant_id) as cursor:
            cursor.execute(
                _USAGE,
                {
                    "tenant_id": tenant_id,
                    "days": PERIODS[period],
                    "agent_id": None,
                    "now": datetime.now(UTC),
                    "back": 0,
                },
            )
            rows = [UsageRow(*row) for row in cursor.fetchall()]
        return Response(UsageReportSerializer(usage_report(rows, period)).data)


@contextmanager
def tenant_cursor(tenant_id: UUID) -> Iterator[CursorWrapper]:
    """A cursor in a transaction that row-level security confines to the tenant."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        yield cursor
