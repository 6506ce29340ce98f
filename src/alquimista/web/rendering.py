"""Jinja2 for pages: one environment per language, so that macros and filters know theirs without being told."""

from collections.abc import Callable, MutableMapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from alquimista.billing.models.names import plan_name
from alquimista.http.context import Context
from alquimista.i18n import LOCALES, Text, translate
from alquimista.web import acts, assets, charts, formats
from alquimista.web.shell import Shell

TEMPLATES: Final = Path(__file__).parent / "templates"
_FILTERS: Final[dict[str, Callable[..., str]]] = {
    "number": formats.number,
    "compact": formats.compact,
    "percent": formats.percent,
    "change": formats.change,
    "money": formats.money,
    "cents": formats.in_cents,
    "duration": formats.duration,
    "day": formats.day,
    "short_day": formats.short_day,
    "moment": formats.moment,
    "ago": formats.ago,
    "span": formats.span,
}


def _translator(locale: str) -> Callable[..., Markup]:
    @cache
    def escaped(template: str) -> Markup:
        return escape(translate(template, locale))

    def _(template: str, /, **params: Any) -> Markup:  # noqa: ANN401 - A text takes any parameter.
        """The text in the page's language; parameters are escaped."""
        text = escaped(template)
        if not params:
            return text
        shown = {k: escape(v.render(locale) if isinstance(v, Text) else v) for k, v in params.items()}
        return Markup(str.format(text, **shown))  # noqa: S704 - All of it is escaped; Markup.format takes 5 times as long.

    return _


def _say(value: Text | str, locale: str) -> str:
    return value.render(locale) if isinstance(value, Text) else value


def _plan(display_name: str, locale: str) -> str:
    return _say(plan_name(display_name), locale)


class _Environment(Environment):
    """Its templates share the environment's globals, since none has globals of its own.

    Jinja2 would lay an empty mapping over them for each template, and copy both, name by name, each time that a
    template is rendered or imported: a tenth of the time that a page takes.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        assert not d, "a template has globals of its own"
        return self.globals


@cache
def environment(locale: str) -> Environment:
    """The environment of a locale. Unknown names in a template are errors, not blanks."""
    env = _Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals |= {
        "_": _translator(locale),
        "locale": locale,
        "locales": LOCALES,
        "asset": assets.url,
        "kept_icon": _icon,
    }
    for name, write in _FILTERS.items():
        env.filters[name] = _localised(write, locale)
    env.filters["say"] = partial(_say, locale=locale)
    env.filters["plan"] = partial(_plan, locale=locale)
    env.filters["act"], env.filters["thing"] = acts.act, acts.thing
    env.filters["cnpj"] = formats.cnpj
    env.filters["spark"] = charts.sparkline
    return env


@cache
def _icon(name: str, classes: str = "") -> Markup:
    """An icon of the sprite, as _macros/ui.html hands it on; only templates name icons and classes."""
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        classes, assets.url("icons.svg"), name
    )


def _localised(write: Callable[..., str], locale: str) -> Callable[..., str]:
    def filter_(value: Any, *args: Any, **options: Any) -> str:  # noqa: ANN401 - Each format checks its own.
        return write(value, locale, *args, **options)

    return filter_


def fragment(locale: str, template: str, **values: Any) -> str:  # noqa: ANN401 - Templates take any value.
    """A template's text."""
    return environment(locale).get_template(template).render(**values)


def page(context: Context, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """A whole page for this request. Pages are personal: no cache keeps them."""
    shell = Shell.of(context)
    body = fragment(context.locale, template, shell=shell, now=context.now, **values)
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store", "Content-Language": context.locale})
