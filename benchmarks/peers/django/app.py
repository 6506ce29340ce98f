"""The routes of the Django peer, and its WSGI application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.django.settings")

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from benchmarks.peers.django.usage import TenantUsage


def health(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


application = get_wsgi_application()
urlpatterns = [path("health", health), path("tenant/usage", TenantUsage.as_view())]
