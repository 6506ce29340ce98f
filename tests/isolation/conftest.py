from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest

from alquimista.db.bootstrap import role_url
from support.databases import FreshDatabase

AsRole = Callable[..., AbstractContextManager[psycopg.Connection[Any]]]


@pytest.fixture
def admin(migrated: FreshDatabase) -> Iterator[psycopg.Connection[Any]]:
    """The module's migrated database, as a superuser; whatever the test changes is undone."""
    with psycopg.connect(migrated.admin_url) as conn:
        yield conn
        conn.rollback()


@pytest.fixture
def as_role(migrated: FreshDatabase) -> AsRole:
    """Connect as one of our roles, with a tenant set if one is given."""

    @contextmanager
    def connect(role: str, tenant: object = None) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(role_url(migrated.settings, role), autocommit=True) as conn:
            if tenant is not None:
                conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant)])
            yield conn

    return connect
