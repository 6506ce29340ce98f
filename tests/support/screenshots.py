"""The pictures of README.md and of the guide, taken from the demo: `make screenshots`.

It starts the demonstration on a free port with data of its own, signs in as its people, and writes small files: PNG for
README.md, and WebP for the guide, whose chapters are light at the first visit (tests/web/test_weight.py). Rebuild
the assets afterwards (`make assets`): the guide's pictures are among them.

Usage: PYTHONPATH=tests python -m support.screenshots [NAME …]
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from alquimista.access import Role
from alquimista.demo.seed import Credentials
from alquimista.demo.story import ZONE
from alquimista.http.locale import COOKIE
from alquimista.web.public.guide import IMAGES

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "docs" / "images"
CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DESKTOP: Final = (1280, 860)
PHONE: Final = (390, 844)
COLUMN: Final = (1024, 688)  # The guide shows a picture in a column of text, where a wider page could not be read.
_COLOURS: Final = 192  # Pages have few; with so many nobody sees the difference, and the files are a third.
_WIDE: Final = 800  # Pixels of a guide's picture: those of the column that shows it.
_MOST: Final = 15_500  # Bytes of it: what a chapter has left of its 150 KB.


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a page. The guide has each in both languages, NAME.LOCALE.webp; README.md one, NAME.png."""

    name: str
    path: str
    role: Role | None
    theme: str = "light"
    size: tuple[int, int] = DESKTOP


# The demo has a month of traffic, so that growth is seen truly over a week only.
README_SHOTS: Final = (
    Shot("overview-dark", "/app/dashboard", Role.TENANT_ADMIN, "dark"),
    Shot("overview-mobile", "/app/dashboard", Role.TENANT_ADMIN, "dark", PHONE),
    Shot("company-light", "/app/company?period=7d", Role.INTERNAL_ADMIN),
)
GUIDE_SHOTS: Final = (
    Shot("overview", "/app/dashboard", Role.TENANT_ADMIN, size=COLUMN),
    Shot("catalogue", "/agents", None, size=COLUMN),
    Shot("plan", "/app/billing", Role.TENANT_ADMIN, size=COLUMN),
    Shot("notifications", "/app/notifications/preferences", Role.TENANT_ADMIN, size=COLUMN),
    Shot("platform", "/app/company?period=7d", Role.INTERNAL_ADMIN, size=COLUMN),
    Shot("revenue", "/app/company/billing", Role.INTERNAL_ADMIN, size=COLUMN),
)


# The clock's setting knows whole days. Each process of the platform reads this at its start, before it sets its clock.
_AHEAD: Final = """
from alquimista import clock
move = clock.move_ahead
clock.move_ahead = lambda days: move(days + {hours} / 24)
"""


def hours_to_midday(now: datetime) -> float:
    """In how many hours the demo's companies have midday: just after midnight their day would be empty."""
    local = now.astimezone(ZoneInfo(ZONE))
    midday = local.replace(hour=12, minute=0, second=0, microsecond=0)
    return ((midday - local) % timedelta(days=1)) / timedelta(hours=1)


@contextmanager
def demonstration() -> Iterator[Credentials]:
    """`alquimista up --demo` at midday, for as long as it is needed; who may sign in, and where."""
    with tempfile.TemporaryDirectory(prefix="alquimista-pictures-") as folder:
        entry = "from alquimista.cli.main import main; main()"
        command = (sys.executable, "-c", entry, "up", "--demo", "--port", "0", "--data-dir", folder)
        early = Path(folder) / "early"
        early.mkdir()
        (early / "sitecustomize.py").write_text(_AHEAD.format(hours=hours_to_midday(datetime.now(UTC))))
        env = os.environ | {"PYTHONPATH": os.pathsep.join((str(early), os.environ.get("PYTHONPATH", "")))}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as platform:
            try:
                address = _address(platform)
                credentials = msgspec.json.decode(
                    (Path(folder) / "demo-credentials.json").read_bytes(), type=Credentials
                )
                yield msgspec.structs.replace(credentials, base_url=address)
            finally:
                platform.terminate()
                platform.wait(60)


def _address(platform: "subprocess.Popen[str]") -> str:
    """Where it says that it answers."""
    said = ""
    for line in platform.stdout or ():
        said += line
        if found := re.search(r"https?://[\w.:\[\]-]+", line):
            return found[0].rstrip("/.")
    raise RuntimeError(f"The demonstration did not start:\n{said}")


def take(browser: Browser, demo: Credentials, shots: dict[Path, tuple[Shot, str]]) -> None:
    """Every picture; people sign in once for each language."""
    signed_in: dict[tuple[Role | None, str], BrowserContext] = {}
    for file, (shot, locale) in shots.items():
        if (who := (shot.role, locale)) not in signed_in:
            signed_in[who] = _entered(browser, demo, *who)
        page = signed_in[who].new_page()
        page.emulate_media(color_scheme="dark" if shot.theme == "dark" else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        answer = page.goto(shot.path)
        if answer is None or not answer.ok:
            raise RuntimeError(f"{shot.path} answers {answer.status if answer else 'nothing'}")
        page.wait_for_timeout(1_500)  # Charts are drawn, fonts are there, and the first live message has come.
        with Image.open(BytesIO(page.screenshot())) as picture:
            keep(picture.convert("RGB"), file)
        page.close()
        sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} KB\n")


def keep(picture: Image.Image, file: Path) -> None:
    """Write it as small as it may be: with few colours, or as good as its bytes allow."""
    if file.suffix == ".png":  # Means of the colours that there are, or a green dot in a grey page would turn grey.
        picture.quantize(_COLOURS, kmeans=2, dither=Image.Dither.NONE).save(file, optimize=True)
        return
    shown = picture.resize((_WIDE, round(picture.height * _WIDE / picture.width)), Image.Resampling.LANCZOS)
    for quality in range(80, 0, -5):
        shown.save(file, quality=quality, method=6)
        if file.stat().st_size <= _MOST:
            return
    raise RuntimeError(f"{file.name} is more than {_MOST} bytes at any quality: take less of the page")


def _entered(browser: Browser, demo: Credentials, role: Role | None, locale: str) -> BrowserContext:
    context = browser.new_context(base_url=demo.base_url, locale=locale)
    context.add_cookies([{"name": COOKIE, "value": locale, "url": demo.base_url}])  # Before the person's own language.
    if role:
        person = next(one for one in demo.users if one.role == role)
        page = context.new_page()
        page.goto("/login")
        page.fill("#email", person.email)
        page.fill("#password", person.password)
        page.click("main form button.btn")
        page.wait_for_url(lambda url: "/login" not in url)
        page.close()
    return context


def pictures(names: set[str]) -> dict[Path, tuple[Shot, str]]:
    """The files, and what is in them; with names only these."""
    every = {README / f"{one.name}.png": (one, "pt-BR") for one in README_SHOTS}
    every |= {IMAGES / f"{one.name}.{locale}.webp": (one, locale) for locale in ("pt-BR", "en") for one in GUIDE_SHOTS}
    return {file: what for file, what in every.items() if not names or what[0].name in names}


def main() -> None:
    with demonstration() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        take(browser, demo, pictures(set(sys.argv[1:])))
        browser.close()


if __name__ == "__main__":
    main()
