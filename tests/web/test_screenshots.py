"""The pictures of the documentation show what is on the pages, at a time of day at which there is something."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from support.screenshots import DESKTOP, hours_to_midday, keep

PAGE = Path(__file__).parent / "snapshots" / "company.png"


def test_a_small_green_dot_stays_green_in_a_picture_of_few_colours(tmp_path):
    with Image.open(PAGE) as kept:
        page = kept.convert("RGB")
    wide = Image.new("RGB", DESKTOP, page.getpixel((500, 5)))
    wide.paste(page)
    wide.paste(page.resize((280, 196), Image.Resampling.LANCZOS), (1000, 0))  # More shades than there is room for.
    wide.paste(page.resize((900, 160), Image.Resampling.BICUBIC), (0, 700))
    keep(wide, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        colours = [colour for _, colour in picture.convert("RGB").getcolors(1000)]
    assert max(green - max(red, blue) for red, green, blue in colours) > 40


@pytest.mark.parametrize(("hour", "ahead"), [(0, 15), (3, 12), (14, 1), (15, 0), (16, 23), (23, 16)])
def test_the_demonstration_of_the_pictures_starts_at_midday(hour, ahead):
    """In São Paulo, where its companies are: 15 o'clock UTC."""
    assert hours_to_midday(datetime(2026, 3, 10, hour, tzinfo=UTC)) == ahead
