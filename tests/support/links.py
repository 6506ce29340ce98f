"""What a page lets a reader do: its links, its forms, and the buttons of it that do nothing."""

from html.parser import HTMLParser
from typing import Final

# What a button does through an element that it names by its id, and what that element must be: a tag, or an attribute
# (with its value). The scripts of frontend/src listen to those that begin with data-, the browser to the others.
NAMING: Final = {
    "data-open": {"dialog"},
    "data-copy": {"input", "textarea"},
    "data-reveal": {"input"},
    "data-of": {"data-source"},
    "popovertarget": {"popover"},
    "aria-describedby": {"role=tooltip"},  # The style sheets show a definition to whoever focuses its button.
    "form": {"form"},
}
# What it does by an attribute alone; and by one alone, but within an element that the script looks for.
ALONE: Final = frozenset({"data-nav-fold", "data-palette", "data-theme-choice"})
BETWEEN: Final = {
    "data-close-dialog": "dialog",
    "data-stay": "dialog",
    "data-close": "template",  # Toasts are copies of templates.
    "data-again": "template",
}
_TOGETHER: Final = {"data-of": "data-save"}


class Links(HTMLParser):
    """Fed a page, and closed: buttons may name what stands below them."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.forms: list[tuple[str, str]] = []
        self.loose: list[str] = []  # Buttons that send no form and do nothing else, and fields of forms that are gone.
        self.ids: dict[str, set[str]] = {}  # What each element with an id is.
        self._whole = False  # A part of a page names what stands around it: it is looked for where the page is read.
        self._open: list[str] = []  # Of the elements that decide what a button does, those around.
        self._buttons: list[tuple[dict[str, str], frozenset[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        self._whole |= tag == "html"
        if "id" in got:
            self.ids[got["id"]] = {tag, *got, f"role={got.get('role')}"}
        if tag == "a":
            self.hrefs.append(got.get("href", ""))
        for name in ("hx-get", "formaction"):
            if name in got:
                self.hrefs.append(got[name]) if name == "hx-get" else self.forms.append(("post", got[name]))
        if tag == "form":
            self.forms.append((got.get("method", "get").lower(), got.get("action", "")))
        if tag in {"form", "dialog", "template"}:
            self._open.append(tag)
        if tag == "button" or "form" in got:
            self._buttons.append(({"tag": tag, **got}, frozenset(self._open)))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def close(self) -> None:
        super().close()
        self.loose += [str(got) for got, around in self._buttons if not self._works(got, around)]

    def _works(self, got: dict[str, str], around: frozenset[str]) -> bool:
        named = {name: self._names(got, name) for name in NAMING if name in got}
        if not all(named.values()):
            return False
        if got["tag"] != "button":
            return True
        acts = bool(named.keys() - {"form"}) or any(name in got for name in ALONE)
        sends = got.get("type", "submit") != "button" and ("form" in got or "form" in around)
        return acts or sends or any(name in got and place in around for name, place in BETWEEN.items())

    def _names(self, got: dict[str, str], name: str) -> bool:
        kinds = self.ids.get(got[name], set() if self._whole else NAMING[name])
        return bool(kinds & NAMING[name]) and _TOGETHER.get(name, name) in got
