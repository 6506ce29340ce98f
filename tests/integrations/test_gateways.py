"""Each provider that is reached by HTTP: what is good, and what each of its bad days is called."""

import msgspec
import pytest

from alquimista.integrations.models.connections import Connection, provider_of
from alquimista.integrations.models.failures import Failed, IntegrationFailure
from support import connections
from support.connections import bodies, gateways

PROVIDERS = ("cloud_api", "evolution", "ics", "webhook", "stripe", "asaas")


def connection(fake, provider, **changes):
    body = {"provider": provider, **bodies(fake)[provider]}
    for part, values in changes.items():
        body[part] = body.get(part, {}) | values
    return msgspec.convert(body, type=Connection)


async def failure(settings, fake, one, timeout_s=3):
    """Why a connection does not work; None when it does."""
    try:
        await gateways(settings, fake, timeout_s=timeout_s).test(provider_of(one).name, one.config, one.credentials)
    except Failed as failed:
        return failed.failure
    return None


@pytest.fixture(scope="module")
def settings():
    return connections.Settings(secret_key="x" * 40)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_right_works(settings, fake, provider):
    assert await failure(settings, fake, connection(fake, provider)) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, IntegrationFailure.CREDENTIALS),
        (403, IntegrationFailure.CREDENTIALS),
        (404, IntegrationFailure.NOT_FOUND),
        (429, IntegrationFailure.BUSY),
        (500, IntegrationFailure.SERVER_ERROR),
        (302, IntegrationFailure.REDIRECTED),
        (418, IntegrationFailure.REFUSED),
    ],
)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_each_refusal_has_its_name(settings, fake, provider, status, expected):
    fake.refused = status
    assert await failure(settings, fake, connection(fake, provider)) is expected


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_service_that_is_silent_or_hangs_up_is_told_apart(settings, fake, provider):
    fake.faulty.next("slow")
    assert await failure(settings, fake, connection(fake, provider), 0.2) is IntegrationFailure.TIMED_OUT
    fake.faulty.next("dropped")
    assert await failure(settings, fake, connection(fake, provider)) is IntegrationFailure.UNEXPECTED


@pytest.mark.parametrize(
    ("provider", "changes", "expected"),
    [
        ("cloud_api", {"credentials": {"access_token": "another-token"}}, IntegrationFailure.CREDENTIALS),
        ("cloud_api", {"config": {"phone_number_id": "99999999"}}, IntegrationFailure.NOT_FOUND),
        ("evolution", {"credentials": {"api_key": "another-key"}}, IntegrationFailure.CREDENTIALS),
        ("evolution", {"config": {"instance": "outra"}}, IntegrationFailure.NOT_FOUND),
        ("stripe", {"credentials": {"api_key": "sk_test_another000000"}}, IntegrationFailure.CREDENTIALS),
        ("asaas", {"credentials": {"api_key": "$aact_hmlg_another000"}}, IntegrationFailure.CREDENTIALS),
        ("asaas", {"config": {"environment": "production"}}, IntegrationFailure.NOT_FOUND),
        ("webhook", {"credentials": {"secret": "whsec_" + "A" * 43 + "="}}, IntegrationFailure.CREDENTIALS),
        ("webhook", {"credentials": {"secret": "whsec_" + "A" * 33}}, IntegrationFailure.UNREADABLE),
    ],
)
async def test_what_is_wrong_is_named(settings, fake, provider, changes, expected):
    assert await failure(settings, fake, connection(fake, provider, **changes)) is expected


async def test_an_instance_without_a_telephone_is_not_connected(settings, fake):
    fake.state = "connecting"
    assert await failure(settings, fake, connection(fake, "evolution")) is IntegrationFailure.NOT_READY


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/page.ics", IntegrationFailure.UNEXPECTED),
        ("/moved.ics", IntegrationFailure.REDIRECTED),
        ("/nothing.ics", IntegrationFailure.NOT_FOUND),
    ],
)
async def test_a_page_is_no_calendar(settings, fake, path, expected):
    one = connection(fake, "ics", credentials={"url": fake.url + path})
    assert await failure(settings, fake, one) is expected


async def test_a_webhook_gets_one_signed_event_that_says_nothing(settings, fake):
    assert await failure(settings, fake, connection(fake, "webhook")) is None
    (event,) = fake.events
    assert (event["type"], event["data"]) == ("integration.test", {})


async def test_what_a_failure_says_repeats_nothing_of_the_service(settings, fake):
    fake.refused = 401
    one = connection(fake, "stripe")
    with pytest.raises(Failed) as caught:
        await gateways(settings, fake).test("stripe", one.config, one.credentials)
    for locale in ("en", "pt-BR"):
        said = caught.value.reason.render(locale)
        assert said.endswith("(401)")
        assert "Zebra" not in said
