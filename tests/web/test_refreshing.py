"""What proves that a page was opened: for whom, with which filters, and for how long."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from alquimista.web import refreshing
from alquimista.web.refreshing import Part, answer, was_opened
from alquimista.web.staff.support import QueueQuery, TicketQuery

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PART = Part("", f'<input name="seen" value="{refreshing._SEEN}">', "0" * 24)


@pytest.fixture
def at(settings):
    """The request of one session, so many minutes after the start."""

    def request(minutes=0, query=None, session=1):
        return SimpleNamespace(
            who=SimpleNamespace(session_id=UUID(int=session)),
            tenant=UUID(int=0),
            path={},
            query=query,
            services=SimpleNamespace(settings=settings),
            now=START + timedelta(minutes=minutes),
        )

    return request


def said(response):
    return response.body.decode().split('"')[3]


def test_a_proof_ends_and_the_part_of_a_page_that_stays_open_renews_it(at):
    seen = said(answer(at(), "tickets", PART, ""))
    assert answer(at(4), "tickets", PART, seen).status_code == 204
    assert was_opened(at(10), "tickets", seen)
    assert not was_opened(at(16), "tickets", seen)
    renewed = answer(at(12), "tickets", PART, seen)
    assert renewed.status_code == 200
    assert was_opened(at(21), "tickets", said(renewed))
    assert answer(at(16), "tickets", PART, said(renewed)).status_code == 204


def test_a_proof_is_of_one_session_one_page_and_its_filters(at):
    seen = said(answer(at(query=QueueQuery(search="ana")), "tickets", PART, ""))
    assert was_opened(at(query=QueueQuery(search="ana", seen=seen)), "tickets", seen)
    for other in (QueueQuery(), QueueQuery(search="rita"), QueueQuery(search="ana", page=2)):
        assert not was_opened(at(query=other), "tickets", seen)
    assert not was_opened(at(query=QueueQuery(search="ana"), session=2), "tickets", seen)
    assert not was_opened(at(query=QueueQuery(search="ana")), "incidents", seen)


def test_what_was_just_done_is_no_filter_and_a_refused_form_has_none(at):
    seen = said(answer(at(query=None), "ticket", PART, ""))
    assert was_opened(at(query=TicketQuery(done="noted", seen=seen)), "ticket", seen)
