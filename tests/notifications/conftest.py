import pytest

from support import mail_server as servers


@pytest.fixture
def mail_server():
    """`async with mail_server() as (server, url):` a server with the options of aiosmtpd's SMTP."""
    return servers.mail_server


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    """A server's TLS context for 127.0.0.1, and the file of the authority that vouches for it."""
    return servers.make_tls(tmp_path_factory.mktemp("tls"))
