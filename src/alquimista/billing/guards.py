"""How often a company may act on its subscription, and staff on a company's billing: by the API and by pages alike."""

from typing import Final

from alquimista.http.routes import Limit

CHANGING: Final = (Limit(count=10, seconds=60, per=("tenant",), name="billing.change"),)
# Who asks where to pay may be choosing in the same step.
PAYING: Final = (*CHANGING, Limit(count=5, seconds=60, per=("tenant",), name="billing.checkout"))
STAFF_ACTING: Final = (Limit(count=60, seconds=60, per=("user", "tenant"), name="billing.staff"),)
