"""Step 4: registration in the user area is off."""

from collections.abc import Iterator

from mock_solusio.preflight.installation import Installation
from mock_solusio.preflight.judgement import Note, Undecided, judgement
from solusio_contracts.checking.rule import Expect, shown


@judgement("UM-020", title="nobody registers in the user area")
def registration_is_off(site: Installation) -> Iterator[Expect | Note]:
    """A user who registers there has servers that no customer of the billing system pays for."""
    features = site.settings.get("features")
    value = features.get("allow_registration") if isinstance(features, dict) else None
    if not isinstance(value, bool):
        raise Undecided("the settings have no features.allow_registration that is true or false")
    yield Expect.that(
        not value,
        "features.allow_registration",
        "false: users are created by the billing system alone",
        shown(value),
        site.settings_answer.exchange,
    )
