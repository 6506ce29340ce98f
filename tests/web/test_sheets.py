"""The form of an agent changes nothing that nobody touched, what has no field on it included."""

import pytest

from alquimista.agents.models.agents import Source, entry
from alquimista.catalogue import files
from alquimista.clock import new_id
from alquimista.web.staff import sheets

SHIPPED = files.read().agents


@pytest.mark.parametrize("sheet", SHIPPED, ids=lambda sheet: sheet.slug)
def test_a_form_that_was_only_sent_back_is_the_agent_as_it_was(sheet):
    agent = entry(sheet, new_id(), Source.FILE)
    assert sheets.read(sheets.fields(agent), agent) == sheet
