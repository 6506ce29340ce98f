"""What the database itself refuses to the application's own role, whatever the code would do."""

from datetime import timedelta

import psycopg
import pytest
from psycopg import errors

from alquimista import clock
from alquimista.db.bootstrap import role_url

DECIDE = """
INSERT INTO alquimista_platform.approval_decisions
  (tenant_id, request_id, approver_id, requested_by, decision, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
"""
CLOSE = "UPDATE alquimista_platform.approval_requests SET status = %s, closed_at = %s, updated_at = %s WHERE id = %s"


@pytest.fixture
def app(scene, settings):
    with psycopg.connect(role_url(settings, "app"), autocommit=True) as conn:
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(scene.tenant)])
        yield conn


def decide(app, scene, approval, name, decision="approve", **changes):
    values = {"requested_by": approval.requested_by, "at": clock.now()} | changes
    app.execute(
        DECIDE,
        [scene.tenant, approval.id, scene.people[name].id, values["requested_by"], decision, values["at"]],
    )


def close(app, approval, status, moment=None):
    now = moment or clock.now()
    return app.execute(CLOSE, [status, now, now, approval.id]).rowcount


async def test_four_eyes(app, scene):
    approval = await scene.ask("ana")
    with pytest.raises(errors.CheckViolation, match="four_eyes"):
        decide(app, scene, approval, "ana")
    # Nor by lying about who had asked.
    with pytest.raises(errors.ForeignKeyViolation):
        decide(app, scene, approval, "ana", requested_by=scene.people["bia"].id)
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(
            "UPDATE alquimista_platform.approval_requests SET requested_by = %s WHERE id = %s",
            [scene.people["bia"].id, approval.id],
        )


@pytest.mark.parametrize("needed", [1, 2])
async def test_approved_takes_as_many_people_as_were_asked_for(app, scene, needed):
    approval = await scene.ask("ana", required_approvals=needed)
    for name in ("bia", "caio")[:needed]:
        with pytest.raises(errors.CheckViolation):
            close(app, approval, "approved")
        decide(app, scene, approval, name)
        with pytest.raises(errors.UniqueViolation):
            decide(app, scene, approval, name)
    assert close(app, approval, "approved") == 1


async def test_a_refusal_stands(app, scene):
    approval = await scene.ask("ana")
    with pytest.raises(errors.CheckViolation):
        close(app, approval, "rejected")
    decide(app, scene, approval, "bia", "reject")
    decide(app, scene, approval, "caio")
    with pytest.raises(errors.CheckViolation):
        close(app, approval, "approved")
    assert close(app, approval, "rejected") == 1


async def test_what_is_closed_stays(app, scene):
    approval = await scene.ask("ana")
    assert close(app, approval, "cancelled") == 1
    for status in ("pending", "approved", "cancelled", "rejected"):
        with pytest.raises(errors.CheckViolation):
            close(app, approval, status)
    with pytest.raises(errors.CheckViolation):
        decide(app, scene, approval, "bia")


async def test_nothing_is_decided_too_late_nor_expires_too_early(app, scene):
    approval = await scene.ask("ana")
    late = approval.expires_at + timedelta(seconds=1)
    with pytest.raises(errors.CheckViolation):
        decide(app, scene, approval, "bia", at=late)
    with pytest.raises(errors.CheckViolation):
        close(app, approval, "expired")
    decide(app, scene, approval, "bia")
    with pytest.raises(errors.CheckViolation):
        close(app, approval, "approved", late)
    assert close(app, approval, "expired", late) == 1


async def test_nothing_begins_approved_is_rewritten_or_removed(app, scene):
    approval = await scene.ask("ana")
    decide(app, scene, approval, "bia")
    copy = """
    INSERT INTO alquimista_platform.approval_requests (tenant_id, id, requested_by, action_type, resource_type,
      resource_id, status, closed_at, created_at, updated_at, expires_at)
    SELECT tenant_id, %s, requested_by, action_type, resource_type, resource_id, 'approved', created_at, created_at,
      created_at, expires_at
    FROM alquimista_platform.approval_requests WHERE id = %s
    """
    with pytest.raises(errors.CheckViolation):
        app.execute(copy, [clock.new_id(), approval.id])
    for change in (
        "UPDATE alquimista_platform.approval_requests SET required_approvals = 1 WHERE id = %s",
        "UPDATE alquimista_platform.approval_requests SET action_details = '{}' WHERE id = %s",
        "UPDATE alquimista_platform.approval_decisions SET decision = 'reject' WHERE request_id = %s",
        "DELETE FROM alquimista_platform.approval_decisions WHERE request_id = %s",
        "DELETE FROM alquimista_platform.approval_requests WHERE id = %s",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            app.execute(change, [approval.id])


async def test_not_even_the_owner_of_the_server_rewrites_what_was_asked(scene, sql):
    approval = await scene.ask("ana", required_approvals=2)
    with pytest.raises(errors.CheckViolation):
        await sql("UPDATE alquimista_platform.approval_requests SET required_approvals = 1 WHERE id = %s", approval.id)
