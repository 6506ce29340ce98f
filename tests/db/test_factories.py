import bcrypt
import pytest
from psycopg.errors import InsufficientPrivilege, UniqueViolation

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.agents.queries import tenants as agent_queries
from alquimista.db.pool import Database
from alquimista.db.statement import NoRow, Statement
from alquimista.identity.models.passwords import prehash
from alquimista.tenants import queries as tenant_queries
from alquimista.tenants.models import TenantStatus

LOOKUP = Statement("SELECT key_hash FROM alquimista_platform.api_key_lookup", NoRow)


async def test_a_made_tenant_is_what_the_product_reads(db: Database):
    made = await factories.make_tenant(db, status=TenantStatus.SUSPENDED)
    read = await tenant_queries.get(db.tenant(made.id), made.id)
    assert read == made
    assert read is not None
    assert isinstance(read.status, TenantStatus)


async def test_a_made_user_belongs_to_the_tenant_and_has_the_password(db: Database):
    tenant = await factories.make_tenant(db)
    user = await factories.make_user(db, tenant.id)
    assert user.role is Role.TENANT_ADMIN
    assert bcrypt.checkpw(prehash(user.password), factories.password_hash(user.password).encode())
    with pytest.raises(UniqueViolation):
        await factories.make_user(db, tenant.id, email=user.email)


async def test_staff_belong_to_the_platform_tenant(db: Database):
    user = await factories.make_user(db)
    assert (user.tenant_id, user.role) == (PLATFORM_TENANT, Role.INTERNAL_ADMIN)


async def test_an_activated_agent_is_the_tenants_own(db: Database):
    tenant, other = await factories.make_tenant(db), await factories.make_tenant(db)
    agent_id = await factories.activate_agent(db, tenant.id)
    assert [a.agent_id for a in await agent_queries.list_agents(db.tenant(tenant.id), tenant.id)] == [agent_id]
    assert await agent_queries.list_agents(db.tenant(other.id), tenant.id) == []


async def test_an_api_key_is_written_by_the_tenant_which_cannot_read_the_lookup(db: Database):
    tenant = await factories.make_tenant(db)
    key = await factories.make_api_key(db, tenant.id, scopes=("ingest", "read"))
    assert key.startswith("alq_")
    with pytest.raises(InsufficientPrivilege):
        await db.tenant(tenant.id).execute(LOOKUP)
