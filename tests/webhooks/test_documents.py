"""What the documents promise to receivers."""

import re
from datetime import timedelta
from pathlib import Path

from alquimista import clock
from alquimista.events import TOLD, EventType
from alquimista.webhooks.models import signing

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_verifies_our_signatures_and_no_others():
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "webhooks.md").read_text(), re.DOTALL)
    names = {}
    exec(code, names)
    verify = names["verify"]
    old, new, body = signing.new_secret(), signing.new_secret(), '{"a":"é"}'.encode()
    headers = signing.headers(str(clock.new_id()), clock.now(), body, [new, old])
    assert verify(old, headers, body)
    assert verify(new, headers, body)
    assert not verify(signing.new_secret(), headers, body)
    assert not verify(new, headers, body + b" ")
    assert not verify(new, headers | {"webhook-id": str(clock.new_id())}, body)
    stale = signing.headers(str(clock.new_id()), clock.now() - timedelta(minutes=6), body, [new])
    assert not verify(new, stale, body)


def test_a_signature_of_the_specification():
    """The example that Standard Webhooks and its libraries are tested with."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    moment = clock.now().fromtimestamp(1614265330, clock.now().tzinfo)
    made = signing.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}', [secret])
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_types_are_documented_in_their_place():
    text = (DOCS / "events.md").read_text()
    told, _, rest = text.partition("## Types that webhooks are not told")
    untold = rest.partition("## For those who build")[0]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", told)) - {"alquimista.platform"} == set(TOLD)
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", untold)) == set(EventType) - TOLD
