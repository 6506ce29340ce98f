"""People hear of things where they chose to, and of their security always."""

import pytest

from alquimista.notifications.models import DEFAULTS, TEMPLATES, Category, MailWhen

SHOWN = "SELECT type, category, in_app, digest FROM alquimista_platform.notifications WHERE user_id = %s ORDER BY id"
MAILED = "SELECT subject FROM alquimista_platform.mails WHERE recipient = %s ORDER BY created_at, id"


@pytest.mark.parametrize(
    ("choice", "shown", "mails"),
    [
        ((True, "at_once"), [("incident_opened", "incident", True, False)], 1),
        ((True, "digest"), [("incident_opened", "incident", True, True)], 0),
        ((True, "off"), [("incident_opened", "incident", True, False)], 0),
        ((False, "at_once"), [], 1),
        ((False, "digest"), [("incident_opened", "incident", False, True)], 0),
        ((False, "off"), [], 0),
    ],
)
async def test_each_choice_goes_where_it_says(company, tell, choose, sql, choice, shown, mails):
    await choose(company.ana, incident=choice)
    await tell(company.ana)
    assert await sql(SHOWN, company.ana.id) == shown
    assert len(await sql(MAILED, company.ana.email)) == mails


async def test_a_choice_is_of_one_category_and_one_person(company, tell, choose, sql):
    await choose(company.ana, incident=(False, "off"))
    await tell(company.ana, "ticket_answered")
    await tell(company.rui)
    assert await sql(SHOWN, company.ana.id) == [("ticket_answered", "ticket", True, False)]
    assert await sql(SHOWN, company.rui.id) == [("incident_opened", "incident", True, False)]
    assert len(await sql(MAILED, company.ana.email)) == len(await sql(MAILED, company.rui.email)) == 1


async def test_who_chose_nothing_gets_the_defaults_and_staff_choose_too(company, tell, choose, sql):
    await tell(company.lia, "ticket_received")
    await choose(company.lia, ticket=(True, "off"))
    await tell(company.lia, "ticket_received")
    assert await sql(SHOWN, company.lia.id) == [("ticket_received", "ticket", True, False)] * 2
    assert len(await sql(MAILED, company.lia.email)) == 1


async def test_security_is_told_at_once_whatever_was_chosen(company, tell, choose, sql):
    await choose(company.ana, **dict.fromkeys(DEFAULTS, (False, "off")))
    await tell(company.ana, "password_changed")
    assert await sql(SHOWN, company.ana.id) == [("password_changed", "security", True, False)]
    assert await sql(MAILED, company.ana.email) == [("Sua senha foi alterada",)]


def test_mails_of_sign_in_are_of_security_and_every_other_category_has_a_default():
    for name in ("password_reset", "password_changed", "account_locked", "invitation", "signup_confirm"):
        assert TEMPLATES[name].category is Category.SECURITY
    assert set(DEFAULTS) == set(Category) - {Category.SECURITY}
    assert all(choice.in_app and choice.mail is not MailWhen.OFF for choice in DEFAULTS.values())
