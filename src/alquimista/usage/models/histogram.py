"""Histograms of response times that merge by addition, and the percentiles that they give."""

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


def _middle(bucket: int) -> float:
    if bucket == 0:
        return 0.0
    low = EDGES[bucket - 1]
    if bucket == len(EDGES):
        return float(low)
    return round(sqrt(low * (EDGES[bucket] - 1)), 2)


_MIDDLES: Final = tuple(_middle(bucket) for bucket in range(len(EDGES) + 1))


def percentile(histogram: str, requests: int, percent: int) -> float | None:
    """The response time in milliseconds that `percent` of the requests did not exceed; None of no request.

    Within 10 % of the exact value: a bucket's edges are at most 20 % apart and its geometric middle is given. Exact up
    to 10 ms. From 4,055,271 ms (68 minutes) up, the last edge is given.

    The digits are read as the text that the database writes, from the slow end, and no further than needed: a report
    of 39 groups took 1.2 ms when each histogram became a number first, and takes a fifth of that.

    Args:
        histogram: the decimal digits of a packed histogram.
        requests: how many requests it counts.
        percent: 1 to 100; 0 asks for the fastest request.

    Raises:
        ValueError: it counts fewer.
    """
    if not requests:
        return None
    slower = requests - max(1, -(-requests * percent // 100))
    start, end = 0, len(histogram) % DIGITS or DIGITS  # The slowest bucket's count has no leading zeros.
    for bucket in range((len(histogram) - 1) // DIGITS, -1, -1):
        slower -= int(histogram[start:end])
        if slower < 0:
            return _MIDDLES[bucket]
        start, end = end, end + DIGITS
    raise ValueError(f"The histogram counts fewer than {requests} requests")
