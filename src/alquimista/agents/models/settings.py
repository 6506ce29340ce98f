"""What a tenant may set of an agent: typed settings with bounds and defaults, and what a tenant has set."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from alquimista.errors import Conflict, FieldError, Invalid
from alquimista.i18n import N_, Text
from alquimista.observability.masking import names_secret

MAX_SETTINGS: Final = 40
MAX_TEXT: Final = 2000

SettingName = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64)]
Label = Annotated[str, Meta(min_length=1, max_length=100)]
Value = Annotated[str, Meta(max_length=MAX_TEXT)] | bool | int | float
Values = Annotated[dict[SettingName, Value], Meta(max_length=MAX_SETTINGS)]
_Bound = Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)]

_NOT_TEXT: Final = N_("Write a text.")
_NOT_NUMBER: Final = N_("Write a number.")
_NOT_BOOLEAN: Final = N_("Write true or false.")
_UNPRINTABLE: Final = N_("Control characters are not taken, except for new lines.")


class _Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """What every kind has. A default is always there, so that a tenant need not set anything."""

    name: SettingName
    label: Label
    help: Annotated[str, Meta(max_length=300)] = ""

    def _check_default(self, mistake: Text | None) -> None:
        """`mistake`: what is wrong with the default. Raises ValueError, which msgspec hands on as a ValidationError."""
        if names_secret(self.name):
            raise ValueError(f"setting `{self.name}` would hold a secret, which belongs to an integration")
        if mistake is not None:
            raise ValueError(f"the default of setting `{self.name}` is wrong: {mistake}")


class TextSetting(_Setting, frozen=True, kw_only=True, tag="text"):
    """A text of one or more lines."""

    default: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    min_length: Annotated[int, Meta(ge=0, le=MAX_TEXT)] = 0
    max_length: Annotated[int, Meta(ge=1, le=MAX_TEXT)] = 500

    def __post_init__(self) -> None:
        self._check_default(self.mistake(self.default))

    def mistake(self, value: Value) -> Text | None:
        """What is wrong with a value; None when nothing is."""
        if not isinstance(value, str):
            return _NOT_TEXT
        if not self.min_length <= len(value) <= self.max_length:
            return N_("Write {least} to {most} characters.", least=self.min_length, most=self.max_length)
        if not all(letter.isprintable() or letter == "\n" for letter in value):
            return _UNPRINTABLE
        return None


class NumberSetting(_Setting, frozen=True, kw_only=True, tag="number"):
    """A number within bounds; `whole` takes no fractions."""

    default: _Bound
    minimum: _Bound
    maximum: _Bound
    whole: bool = False
    unit: Annotated[str, Meta(max_length=20)] = ""

    def __post_init__(self) -> None:
        self._check_default(self.mistake(self.default))

    def mistake(self, value: Value) -> Text | None:
        """What is wrong with a value; None when nothing is."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _NOT_NUMBER
        if not self.minimum <= value <= self.maximum:
            return N_("Write a number from {least} to {most}.", least=f"{self.minimum:g}", most=f"{self.maximum:g}")
        if self.whole and value != int(value):
            return N_("Write a whole number.")
        return None


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that can be chosen."""

    value: SettingName
    label: Label


class ChoiceSetting(_Setting, frozen=True, kw_only=True, tag="choice"):
    """One of some options."""

    options: Annotated[tuple[Option, ...], Meta(min_length=1, max_length=30)]
    default: SettingName

    def __post_init__(self) -> None:
        values = [option.value for option in self.options]
        if len(set(values)) < len(values):
            raise ValueError(f"setting `{self.name}` has an option twice")
        self._check_default(self.mistake(self.default))

    def mistake(self, value: Value) -> Text | None:
        """What is wrong with a value; None when nothing is."""
        if value in {option.value for option in self.options}:
            return None
        return N_("Choose one of: {options}.", options=", ".join(option.value for option in self.options))


class BooleanSetting(_Setting, frozen=True, kw_only=True, tag="boolean"):
    """Yes or no."""

    default: bool

    def __post_init__(self) -> None:
        self._check_default(self.mistake(self.default))

    def mistake(self, value: Value) -> Text | None:
        return None if isinstance(value, bool) else _NOT_BOOLEAN


Setting = TextSetting | NumberSetting | ChoiceSetting | BooleanSetting
Settings = Annotated[tuple[Setting, ...], Meta(max_length=MAX_SETTINGS)]


class ConfigurationChanged(Conflict):
    code = "agent_configuration_changed"
    message = N_("Somebody else has changed these settings meanwhile. Read them again, then write yours.")


def check(settings: Sequence[Setting], values: Mapping[str, Value]) -> None:
    """Check what a tenant wants to set.

    Raises:
        Invalid: each value that its setting does not take, and each that no setting stands for.
    """
    known = {one.name: one for one in settings}
    errors = []
    for name, value in values.items():
        if name not in known:
            takes = ", ".join(sorted(known)) or N_("none")
            unknown = N_("Unknown setting; this agent has: {known}.", known=takes)
            errors.append(FieldError(f"config.{name}", unknown, "unknown"))
        elif (reason := known[name].mistake(value)) is not None:
            errors.append(FieldError(f"config.{name}", reason))
    if errors:
        raise Invalid(errors=tuple(errors))


def in_force(settings: Sequence[Setting], stored: Mapping[str, Value]) -> dict[str, Value]:
    """What the agent goes by: what was set, and the default where nothing was, or where a later version refuses it."""
    return {
        one.name: stored[one.name] if one.name in stored and one.mistake(stored[one.name]) is None else one.default
        for one in settings
    }
