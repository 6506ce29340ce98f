"""The state machine, as the database keeps it: whoever writes, and in whatever order."""

import random
from datetime import timedelta

import psycopg
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.approvals import service as approvals
from alquimista.approvals.models import ApprovalClosed, ApprovalExpired
from alquimista.clock import new_id, now
from alquimista.db.bootstrap import role_url
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service
from alquimista.operations.models.commands import (
    LEASE,
    MOVES,
    Command,
    CommandEnded,
    CommandStatus,
    Failure,
    NotAwaitingApproval,
)
from alquimista.operations.queries import commands, running
from alquimista.operations.service import approving

TABLE = "alquimista_platform.operational_commands"
ENDS = [status for status, moves in MOVES.items() if not moves]
# What belongs to each state beside its name.
FIELDS = {
    CommandStatus.PENDING: "lease_id = NULL, worker = NULL, due_at = now()",
    CommandStatus.AWAITING_APPROVAL: "due_at = NULL",
    CommandStatus.RUNNING: (
        "lease_id = gen_random_uuid(), worker = 'w', due_at = now(), attempts = attempts + 1,"
        " started_at = coalesce(started_at, now())"
    ),
    CommandStatus.SUCCESS: "lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now(), output = '{}'",
    CommandStatus.ERROR: "lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now(), error_message = 'x'",
    CommandStatus.CANCELLED: "lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now()",
}


@pytest.fixture
def conn(settings, migrated):
    """The app itself, in the platform's tenant: what is refused to it here is refused to all of our code."""
    with psycopg.connect(role_url(settings, "app"), autocommit=True) as found:
        found.execute("SELECT set_config('app.tenant_id', %s, false)", [str(PLATFORM_TENANT)])
        yield found


@pytest.fixture
async def people(staff, second):
    return staff.user_id, second.user_id


def made(conn, author, *, needs_approval=False, tries=5):
    """A new command."""
    command_id = new_id()
    approval_id = asked(conn, author, command_id) if needs_approval else None
    conn.execute(
        f"INSERT INTO {TABLE} (tenant_id, id, command_type, status, approval_id, created_by, tries, due_at,"
        " created_at, updated_at) VALUES (%s, %s, 'HEALTH_CHECK', %s, %s, %s, %s,"
        " CASE WHEN %s THEN NULL ELSE now() END, now(), now())",
        [
            PLATFORM_TENANT, command_id, "AWAITING_APPROVAL" if needs_approval else "PENDING", approval_id, author,
            tries, needs_approval,
        ],
    )  # fmt: skip
    return command_id


def asked(conn, author, resource, action="command.HEALTH_CHECK"):
    """A request for approval."""
    approval_id = new_id()
    conn.execute(
        "INSERT INTO alquimista_platform.approval_requests (tenant_id, id, requested_by, action_type, resource_type,"
        " resource_id, created_at, updated_at, expires_at)"
        " VALUES (%s, %s, %s, %s, 'command', %s, now(), now(), now() + interval '1 day')",
        [PLATFORM_TENANT, approval_id, author, action, str(resource)],
    )
    return approval_id


def approve(conn, command_id, decider):
    """Another person agrees to what the command's request says."""
    ((approval_id, author),) = conn.execute(
        f"SELECT approval_id, created_by FROM {TABLE} WHERE id = %s", [command_id]
    ).fetchall()
    conn.execute(
        "INSERT INTO alquimista_platform.approval_decisions"
        " (tenant_id, request_id, approver_id, requested_by, decision, created_at)"
        " VALUES (%s, %s, %s, %s, 'approve', now())",
        [PLATFORM_TENANT, approval_id, decider, author],
    )
    conn.execute(
        "UPDATE alquimista_platform.approval_requests SET status = 'approved', closed_at = now(), updated_at = now()"
        " WHERE id = %s",
        [approval_id],
    )


def move(conn, command_id, status):
    conn.execute(f"UPDATE {TABLE} SET status = %s, {FIELDS[status]} WHERE id = %s", [status.value, command_id])


def reach(conn, people, status):
    """A command in this state."""
    author, other = people
    command_id = made(conn, author, needs_approval=status is CommandStatus.AWAITING_APPROVAL)
    if status in {CommandStatus.RUNNING, CommandStatus.SUCCESS, CommandStatus.ERROR}:
        move(conn, command_id, CommandStatus.RUNNING)
    if status not in {CommandStatus.PENDING, CommandStatus.AWAITING_APPROVAL, CommandStatus.RUNNING}:
        move(conn, command_id, status)
    return command_id, other


@pytest.mark.parametrize("before", list(CommandStatus))
@pytest.mark.parametrize("after", list(CommandStatus))
def test_every_pair_of_states_is_a_move_of_the_table_or_refused(conn, people, before, after):
    command_id, other = reach(conn, people, before)
    if before is CommandStatus.AWAITING_APPROVAL and after is CommandStatus.PENDING:
        approve(conn, command_id, other)
    # A worker that takes over, and a pending one that waits longer, stay in their state.
    stays = before is after and after in {CommandStatus.PENDING, CommandStatus.RUNNING}
    if after in MOVES[before] or stays:
        move(conn, command_id, after)
    else:
        with pytest.raises(psycopg.errors.CheckViolation):
            move(conn, command_id, after)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "change", ["updated_at = now()", "error_message = 'other'", "progress_done = 1", "cancel_requested_at = now()"]
)
def test_nothing_of_an_end_changes(conn, people, end, change):
    command_id, _ = reach(conn, people, end)
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(f"UPDATE {TABLE} SET {change} WHERE id = %s", [command_id])


@pytest.mark.parametrize(
    "change",
    [
        "status = 'SUCCESS'",
        "completed_at = now()",
        "due_at = NULL",
        "lease_id = NULL",
        "worker = NULL",
        "output = '{}'",
        "attempts = attempts + 1",
        "lease_id = gen_random_uuid()",
        "started_at = NULL",
        "started_at = started_at - interval '1 s'",
        "progress_done = -1",
        "progress_total = 1, progress_done = 2",
        "cancel_requested_by = created_by",
        "status = 'SUCCESS', lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now()",
        "status = 'SUCCESS', lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now(), output = '[]'",
        "status = 'ERROR', lease_id = NULL, worker = NULL, due_at = NULL, completed_at = now()",
    ],
)
def test_half_a_move_is_refused(conn, people, change):
    command_id, _ = reach(conn, people, CommandStatus.RUNNING)
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(f"UPDATE {TABLE} SET {change} WHERE id = %s", [command_id])


@pytest.mark.parametrize("column", ["command_type", "parameters", "approval_id", "tries", "created_by", "id"])
def test_what_it_says_is_not_even_granted_for_change(conn, people, column):
    command_id, _ = reach(conn, people, CommandStatus.PENDING)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(f"UPDATE {TABLE} SET {column} = {column} WHERE id = %s", [command_id])


def test_it_does_not_run_without_the_second_person_nor_with_the_first(conn, people):
    author, other = people
    command_id = made(conn, author, needs_approval=True)
    with pytest.raises(psycopg.errors.CheckViolation):
        move(conn, command_id, CommandStatus.PENDING)
    with pytest.raises(psycopg.errors.CheckViolation):
        approve(conn, command_id, author)
    with pytest.raises(psycopg.errors.CheckViolation):
        move(conn, command_id, CommandStatus.PENDING)
    approve(conn, command_id, other)
    move(conn, command_id, CommandStatus.PENDING)


@pytest.mark.parametrize("wrong", ["resource", "action", "author"])
def test_the_approval_of_something_else_lets_nothing_run(conn, people, wrong):
    author, other = people
    command_id = new_id()
    approval_id = asked(
        conn,
        other if wrong == "author" else author,
        new_id() if wrong == "resource" else command_id,
        "command.RECOMPUTE_USAGE" if wrong == "action" else "command.HEALTH_CHECK",
    )
    conn.execute(
        f"INSERT INTO {TABLE} (tenant_id, id, command_type, status, approval_id, created_by, tries, created_at,"
        " updated_at) VALUES (%s, %s, 'HEALTH_CHECK', 'AWAITING_APPROVAL', %s, %s, 1, now(), now())",
        [PLATFORM_TENANT, command_id, approval_id, author],
    )
    if wrong != "author":
        approve(conn, command_id, other)
    with pytest.raises(psycopg.errors.CheckViolation):
        move(conn, command_id, CommandStatus.PENDING)


def test_what_needs_approval_begins_by_awaiting_it_and_the_request_must_be_there(conn, people):
    sql = (
        f"INSERT INTO {TABLE} (tenant_id, id, command_type, status, approval_id, created_by, tries, due_at, created_at,"
        " updated_at) VALUES (%s, %s, 'HEALTH_CHECK', %s, %s, %s, 1, CASE %s WHEN 'PENDING' THEN now() END,"
        " now(), now())"
    )
    for status, approval_id in (("PENDING", new_id()), ("AWAITING_APPROVAL", None)):
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute(sql, [PLATFORM_TENANT, new_id(), status, approval_id, people[0], status])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        conn.execute(sql, [PLATFORM_TENANT, new_id(), "AWAITING_APPROVAL", new_id(), people[0], "AWAITING_APPROVAL"])


def test_there_are_no_more_tries_than_its_kind_allows(conn, people):
    command_id = made(conn, people[0], tries=1)
    move(conn, command_id, CommandStatus.RUNNING)
    move(conn, command_id, CommandStatus.PENDING)
    with pytest.raises(psycopg.errors.CheckViolation):
        move(conn, command_id, CommandStatus.RUNNING)


@pytest.mark.parametrize("status", [status for status in CommandStatus if status != "PENDING"])
def test_it_begins_at_the_beginning(conn, people, status):
    with pytest.raises(psycopg.errors.CheckViolation):
        conn.execute(
            f"INSERT INTO {TABLE} (tenant_id, id, command_type, status, tries, due_at, created_at,"
            " updated_at, completed_at) VALUES (%s, %s, 'X', %s, 1, now(), now(), now(), now())",
            [PLATFORM_TENANT, new_id(), status.value],
        )


class Walk:
    """A command, and what a model in memory says of it."""

    def __init__(self, command, other):
        self.status, self.attempts, self.tries = command.status, 0, command.tries
        self.asked = False
        self.held = None
        self.ends = 0
        self.command, self.other = command, other

    async def step(self, conn, name, at):  # noqa: C901, PLR0912 - One branch for each kind of step.
        c = self.command
        where = (conn, c.tenant_id, c.id)
        running_now = self.status is CommandStatus.RUNNING
        if name == "claim":
            got = await running.claim(*where, new_id(), "w", at, at + LEASE)
            may = self.attempts < self.tries and not self.asked
            assert (got is not None) == (may and self.status in {CommandStatus.PENDING, CommandStatus.RUNNING})
            if got:
                self.held, self.status, self.attempts = got, CommandStatus.RUNNING, self.attempts + 1
        elif name == "beat" and self.held:
            assert await running.beat(conn, self.held, at, at) == running_now
        elif name in {"SUCCESS", "ERROR"} and self.held:
            output, error = ({}, None) if name == "SUCCESS" else (None, Failure("x"))
            done = await running.end(conn, self.held, CommandStatus(name), output, error, at)
            assert done == running_now
            self._ended(done, CommandStatus(name))
        elif name == "give_back" and self.held:
            done = await running.give_back(conn, self.held, Failure("x"), at, at)
            assert done == (running_now and self.attempts < self.tries)
            self.status = CommandStatus.PENDING if done else self.status
        elif name == "release":
            got = await running.release(*where, Failure("x"), at + 2 * LEASE)
            assert (got is not None) == running_now
            if got:
                left = CommandStatus.PENDING if self.attempts < self.tries else CommandStatus.ERROR
                self._ended(running_now, CommandStatus.CANCELLED if self.asked else left)
        elif name == "cancel":
            waits = self.status in {CommandStatus.PENDING, CommandStatus.AWAITING_APPROVAL}
            try:
                got = await service.cancel(conn, self.other, c, at) if not running_now else None
            except CommandEnded:
                got = None
            assert (got is not None) == waits
            self._ended(waits, CommandStatus.CANCELLED)
        elif name == "ask":
            got = await commands.ask_to_cancel(*where, self.other.user_id, at)
            assert (got is not None) == running_now
            self.asked = self.asked or running_now
        elif name in {"approve", "reject", "expire"}:
            try:
                if name == "expire":
                    late = at + timedelta(days=2)
                    closed = c.approval_id and await approvals.expire(conn, c.tenant_id, c.approval_id, late)
                    got = await approving.act(conn, None, closed, late) if closed else None
                else:
                    got = await (
                        service.approve(conn, self.other, c, at)
                        if name == "approve"
                        else service.reject(conn, self.other, c, "no", at)
                    )
            except (NotAwaitingApproval, ApprovalClosed, ApprovalExpired):
                got = None
            waits = self.status is CommandStatus.AWAITING_APPROVAL
            assert (got is not None) == waits
            self._ended(waits, CommandStatus.PENDING if name == "approve" else CommandStatus.CANCELLED)

    def _ended(self, done, status):
        if done:
            self.status = status
            self.ends += status in ENDS


STEPS = ["claim", "beat", "SUCCESS", "ERROR", "give_back", "release", "cancel", "ask", "approve", "reject", "expire"]


@pytest.mark.parametrize("seed", range(40))
async def test_any_walk_follows_the_model_and_ends_once(db, staff, second, seed):
    dice, at = random.Random(seed), now()
    awaits = dice.random() < 0.4
    new = Command(
        tenant_id=PLATFORM_TENANT, id=new_id(), command_type="HEALTH_CHECK", parameters={},
        status=CommandStatus.AWAITING_APPROVAL if awaits else CommandStatus.PENDING,
        approval_id=new_id() if awaits else None,
        created_by=staff.user_id, tries=dice.randint(1, 3), attempts=0, lease_id=None,
        due_at=None if awaits else at, cancel_requested_at=None, created_at=at, started_at=None, completed_at=None,
    )  # fmt: skip
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await commands.insert(conn, new, None, at)
        if awaits:
            await approving.ask(conn, staff, new, at)
        walk = Walk(new, second)
        weights = [4, 1, 1, 1, 3, 2, 1, 1, 3, 1, 1]
        for number in range(25):
            # Later than every lease, so that a running command can be taken over at each step.
            await walk.step(conn, dice.choices(STEPS, weights)[0], at + number * 3 * LEASE)
            found = await commands.find(conn, new.id)
            assert (found.status, found.attempts) == (walk.status, walk.attempts)
            assert (found.completed_at is not None) == (walk.status in ENDS)
    assert walk.ends == (walk.status in ENDS)
