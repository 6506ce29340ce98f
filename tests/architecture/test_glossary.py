"""One word for one thing: what staff call a customer, a company calls itself a company (docs/words.md)."""

import re

import pytest

from alquimista.i18n import portuguese
from architecture.test_texts import SOURCE, marked_in_code, marked_in_templates

# Where only staff read.
STAFF = re.compile(
    r"web/(pages/)?staff/|operations/|portability/|billing/models/revenue|tenants/models"
    r"|web/templates/(staff|platform|tenants|operations|fleet)/"
    r"|web/templates/(audit/(staff|verify)|billing/(received|refund|revenue|tenant)\.|dashboards/_?company"
    r"|integrations/map|_look|_palette|_view)"
)
# Where only the people of a company read.
OWN = re.compile(r"web/(pages/)?client/|web/templates/(settings|agents|fibonacci|onboarding|support|usage)/")
NOT_STAFFS = {
    "en": re.compile(r"\b(tenant|compan(y|ie))s?\b", re.IGNORECASE),
    "pt-BR": re.compile(r"\b(empresa|inquilino)s?\b", re.IGNORECASE),
}
NOT_THEIRS = {"en": re.compile(r"\btenants?\b", re.IGNORECASE), "pt-BR": re.compile(r"\binquilinos?\b", re.IGNORECASE)}
EXCEPTIONS = {
    "Company": "who asks the sales team for a proposal is no customer yet",
    "The request is finished. If the company asks again, that is a new one.": "as above",
    "Change the category or the action; an action is written in full, such as tenant.read.": "the name of an action",
    "What the dashboards show, under /tenant.": "an address",
}
PARAMETER = re.compile(r"\{\w+\}")


def texts():
    """Each marked text with the file that holds it, templates before code."""
    return marked_in_code() | marked_in_templates()


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize(("where", "others"), [(STAFF, NOT_STAFFS), (OWN, NOT_THEIRS)], ids=["staff", "company"])
def test_a_text_uses_its_readers_word(where, others, language):
    found = {text: place for text, place in texts().items() if where.search(place) and text not in EXCEPTIONS}
    assert len(found) > 50, "the search no longer finds the texts"
    wrong = {
        place: said
        for text, place in found.items()
        if others[language].search(PARAMETER.sub("", said := text if language == "en" else portuguese()[text]))
    }
    assert not wrong


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_staffs_part_of_the_guide_says_customer(language):
    """Its one definition names both words; what stands in code is what a machine is told."""
    for chapter in sorted((SOURCE / "web" / "guide" / language).glob("2*.md")):
        prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", chapter.read_text(), flags=re.DOTALL)
        prose = re.sub(r"A customer is a company|Um cliente é uma empresa", "", prose)
        assert not NOT_STAFFS[language].findall(prose), chapter.name
