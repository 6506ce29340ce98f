"""Histograms of response times that merge by addition, and the percentiles that they give."""

from decimal import Decimal
from math import sqrt
from typing import Final

# The lower edge of each bucket but the first, which holds 0 ms. The same numbers stand in the SQL function
# alquimista_platform.response_time_bucket (migration 015): stored histograms are read with them.
EDGES: Final = (
    *(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 31, 37, 44, 52, 62, 74, 88, 105, 126, 151, 181, 217, 260),
    *(312, 374, 448, 537, 644, 772, 926, 1111, 1333, 1599, 1918, 2301, 2761, 3313, 3975, 4770, 5724, 6868, 8241, 9889),
    *(11866, 14239, 17086, 20503, 24603, 29523, 35427, 42512, 51014, 61216, 73459, 88150, 105780, 126936, 152323),
    *(182787, 219344, 263212, 315854, 379024, 454828, 545793, 654951, 785941, 943129, 1131754, 1358104, 1629724),
    *(1955668, 2346801, 2816161, 3379393, 4055271),
)
DIGITS: Final = 12  # Decimal digits of each bucket's count: up to a million million requests.


def percentile(histogram: Decimal, percent: int) -> float | None:
    """The response time in milliseconds that `percent` of the requests did not exceed; None of no request.

    Within 10 % of the exact value: a bucket's edges are at most 20 % apart and its geometric middle is given. Exact up
    to 10 ms. From 4,055,271 ms (68 minutes) up, the last edge is given.
    """
    digits = format(histogram, "f").partition(".")[0]
    size = -(-len(digits) // DIGITS)
    digits = digits.zfill(size * DIGITS)
    counts = [int(digits[start : start + DIGITS]) for start in range(0, len(digits), DIGITS)]
    total = sum(counts)
    if not total:
        return None
    # The most significant digits, the slowest requests, come first: walk down until enough are passed.
    above = total - max(1, -(-total * percent // 100))
    for bucket, count in zip(range(size - 1, -1, -1), counts, strict=True):
        above -= count
        if above < 0:
            return _middle(bucket)
    raise AssertionError("a count is missing")


def _middle(bucket: int) -> float:
    if bucket == 0:
        return 0.0
    low = EDGES[bucket - 1]
    if bucket == len(EDGES):
        return float(low)
    return round(sqrt(low * (EDGES[bucket] - 1)), 2)
