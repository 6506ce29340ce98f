"""What every gateway can do, and how much time it has."""

from typing import Any, Final, Protocol

# For one test, whatever it does: a connection that is dead costs no more than this.
TEST_TIMEOUT_S: Final = 15
CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 10


class Gateway(Protocol):
    """Speaks to one provider. It keeps nothing between calls and holds no connection open."""

    async def test(self, config: Any, credentials: Any) -> None:  # noqa: ANN401 - The provider's own shapes.
        """Call the service in a way that changes nothing there, but needs the credentials.

        Raises:
            Failed: why the connection cannot be used now.
        """
