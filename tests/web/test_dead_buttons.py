"""The walk over every page knows a button that does nothing, whatever it claims to do."""

import re
from pathlib import Path

import pytest

from support.links import ALONE, BETWEEN, NAMING, Links

SCRIPTS = Path(__file__).parents[2] / "frontend" / "src"
DEAD = [
    '<button type="button">Nothing</button>',
    "<button>In no form</button>",
    '<button type="button" data-nobody-listens>An attribute that no script knows</button>',
    '<button type="button" data-act="Fold">Told to the palette, which presses it: to do nothing</button>',
    '<button type="button" data-open="gone">A dialog that is not there</button>',
    '<p id="words"></p><button type="button" data-open="words">Words are no dialog</button>',
    '<button type="button" data-copy="gone">A field that is not there</button>',
    '<button type="button" data-reveal="gone">A password that is not there</button>',
    '<button type="button" data-save="csv" data-of="gone">A chart that is not there</button>',
    '<div id="chart" data-source="x"></div><button type="button" data-of="chart">Saved as nothing</button>',
    '<button type="button" popovertarget="gone">A popover that is not there</button>',
    '<div id="plain"></div><button type="button" popovertarget="plain">No popover</button>',
    '<button type="button" aria-describedby="gone">A definition that is not there</button>',
    '<p id="hint"></p><button type="button" aria-describedby="hint">Described, and does nothing</button>',
    '<button form="gone">A form that is not there</button>',
    '<form><button form="gone">Taken out of its form</button></form>',
    '<input form="gone" name="sort">',
    '<form><button type="button">Sends nothing</button></form>',
    '<button type="button" data-close-dialog>In no dialog</button>',
    '<button type="button" data-close>In no toast</button>',
]
ALIVE = [
    "<form><button>Send</button></form>",
    '<button form="one">Send</button><form id="one"></form>',
    '<button type="button" data-open="one">Ask</button><dialog id="one"></dialog>',
    '<button type="button" data-copy="one">Copy</button><input id="one">',
    '<button type="button" data-save="png" data-of="one">PNG</button><div id="one" data-source="figures"></div>',
    '<button type="button" popovertarget="one">Menu</button><nav id="one" popover></nav>',
    '<button type="button" aria-describedby="one">?</button><span role="tooltip" id="one">What it means</span>',
    '<dialog><button type="button" data-close-dialog>Close</button></dialog>',
    "<template><button type='button' data-close>Close</button></template>",
    '<button type="button" data-theme-choice="dark">Dark</button>',
]


@pytest.mark.parametrize("html", DEAD)
def test_a_dead_button_is_found(html):
    assert len(loose(html)) == 1


@pytest.mark.parametrize("html", ALIVE)
def test_a_button_that_works_is_left_alone(html):
    assert loose(html) == []


@pytest.mark.parametrize("name", sorted(one for one in {*ALONE, *NAMING, *BETWEEN} if one.startswith("data-")))
def test_a_script_listens_to_what_the_walk_lets_pass(name):
    scripts = "\n".join(file.read_text() for file in SCRIPTS.glob("*.js"))
    assert re.search(rf"\[{name}\]|\.dataset\.{camel(name)}\b", scripts)


def camel(name):
    return re.sub(r"-(\w)", lambda found: found[1].upper(), name.removeprefix("data-"))


def loose(html):
    links = Links()
    links.feed(f"<html>{html}</html>")
    links.close()
    return links.loose
