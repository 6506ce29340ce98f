"""Settings of the Django peer: an API without sessions, pages or models of its own."""

import os

from psycopg.conninfo import conninfo_to_dict

_database = conninfo_to_dict(os.environ["DATABASE_URL"])

SECRET_KEY = "unused: nothing is signed here"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "benchmarks.peers.django.app"
INSTALLED_APPS = ["rest_framework"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database["dbname"],
        "USER": _database["user"],
        "PASSWORD": _database["password"],
        "HOST": _database["host"],
        "PORT": _database.get("port", ""),
        "OPTIONS": {
            "pool": {"min_size": 2, "max_size": int(os.environ.get("POOL", "8")), "timeout": 30},
            "server_side_binding": True,  # Django's defaults bind in the client and never prepare.
            "prepare_threshold": 5,
        },
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["benchmarks.peers.django.authentication.AccessToken"],
    "DEFAULT_PERMISSION_CLASSES": ["benchmarks.peers.django.authentication.IsTenantMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
