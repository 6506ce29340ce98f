"""A small tenant table, as migrations make them, and what speaks to it."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

import msgspec

from alquimista.db.executor import Executor
from alquimista.db.statement import NoRow, Statement

TABLE = """
CREATE TABLE public.notes (tenant_id uuid NOT NULL, id uuid NOT NULL, body text NOT NULL, PRIMARY KEY (tenant_id, id));
ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON public.notes TO alquimista_app
  USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
  WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON public.notes TO alquimista_app;
GRANT SELECT ON public.notes TO alquimista_internal;
"""


class Note(msgspec.Struct, frozen=True):
    tenant_id: UUID
    body: str


NOTES = Statement("SELECT tenant_id, body FROM public.notes ORDER BY id", Note)
ADD = Statement(
    "INSERT INTO public.notes (tenant_id, id, body) VALUES (%(tenant_id)s, %(id)s, %(body)s)",
    NoRow,
)


class OpenExecutor(Protocol):
    """Opens an executor of the app role on the module's database."""

    def __call__(
        self, *, size: int = 2, max_pending: int = 1000, options: str = ""
    ) -> AbstractAsyncContextManager[Executor]: ...
