import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.config import Settings
from alquimista.db.crypto import Sealed, Sealer, SealError, derive

SETTINGS = Settings(secret_key="k" * 20 + "0123456789abcdef")
OLD, NEW = ("2025", b"o" * 32), ("2026", b"n" * 32)


def sealer(*keys: tuple[str, bytes]) -> Sealer:
    return Sealer(Settings(secret_key=SETTINGS.secret_key, encryption_keys=keys))


@given(st.binary(max_size=2000), st.binary(max_size=200))
def test_what_is_sealed_opens_in_its_context_and_nowhere_else(plaintext: bytes, context: bytes):
    one = sealer(NEW)
    sealed = one.seal(plaintext, context)
    assert one.open(sealed, context) == plaintext
    with pytest.raises(SealError, match="another row"):
        one.open(sealed, context + b"x")


def test_any_altered_byte_is_noticed():
    one = sealer(NEW)
    sealed = one.seal(b"credentials", b"row")
    for index in range(len(sealed.ciphertext)):
        altered = bytearray(sealed.ciphertext)
        altered[index] ^= 1
        with pytest.raises(SealError):
            one.open(Sealed(sealed.key_id, bytes(altered)), b"row")
    for length in range(len(sealed.ciphertext)):
        with pytest.raises(SealError):
            one.open(Sealed(sealed.key_id, sealed.ciphertext[:length]), b"row")


def test_the_same_secret_is_never_sealed_the_same_way_twice():
    one = sealer(NEW)
    assert len({one.seal(b"same", b"row").ciphertext for _ in range(1000)}) == 1000


def test_the_first_key_seals_and_every_configured_key_opens():
    before = sealer(OLD).seal(b"x", b"row")
    after = sealer(NEW, OLD)
    assert after.active_key_id == "2026"
    assert after.seal(b"y", b"row").key_id == "2026"
    assert after.open(before, b"row") == b"x"
    with pytest.raises(SealError, match="ALQUIMISTA_ENCRYPTION_KEYS"):
        sealer(NEW).open(before, b"row")


def test_secrets_from_before_the_first_configured_key_still_open():
    before = sealer().seal(b"x", b"row")
    assert sealer(NEW).open(before, b"row") == b"x"


def test_subkeys_depend_on_the_purpose_and_the_secret_key_alone():
    assert derive(SETTINGS, "a") == derive(Settings(secret_key=SETTINGS.secret_key, log_level="debug"), "a")
    other = Settings(secret_key="another secret key of good length")
    assert len({derive(SETTINGS, "a"), derive(SETTINGS, "b"), derive(other, "a")}) == 3
    assert len(derive(SETTINGS, "a")) == 32


def test_a_subkey_never_changes_between_versions():
    # A change here would orphan every stored secret and every role's password.
    fixed = Settings(secret_key="a fixed key for this test alone, 40 chars")
    assert (
        derive(fixed, "database role app").hex() == "46a567fce171791ac83033fb6c1731e99857160cc252b58c00b375d15b5ca597"
    )
