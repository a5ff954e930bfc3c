"""Which rules or scenarios `--only` and `--skip` select."""

import pytest

from solusio_contracts.checking.selection import SelectionError, select

ITEMS = {
    "discount-key": ("fields", "TP-041", "TP-043"),
    "base-cost": ("fields", "TP-030"),
    "token-prefix": ("authorization", "TP-104"),
    "fuzz-all": ("fuzz",),
}


def selected(only: list[str], skip: list[str]) -> list[str]:
    return select(
        list(ITEMS), lambda name: (name, *ITEMS[name]), only, skip, kind="rule", listing="list-them"
    )


@pytest.mark.parametrize(
    ("only", "skip", "names"),
    [
        ([], [], ["discount-key", "base-cost", "token-prefix", "fuzz-all"]),
        (["discount-key"], [], ["discount-key"]),
        (["fields"], [], ["discount-key", "base-cost"]),
        (["TP-041"], [], ["discount-key"]),
        (["tp-043"], [], ["discount-key"]),
        (["TP-04?"], [], ["discount-key"]),
        (["TP-*"], [], ["discount-key", "base-cost", "token-prefix"]),
        (["*-key", "AUTHORIZATION"], [], ["discount-key", "token-prefix"]),
        (["token-prefix", "base-cost"], [], ["base-cost", "token-prefix"]),
        ([], ["fields"], ["token-prefix", "fuzz-all"]),
        (["fields"], ["TP-030"], ["discount-key"]),
        (["f*"], ["fuzz"], ["discount-key", "base-cost"]),
    ],
)
def test_selectors(only, skip, names):
    assert selected(only, skip) == names


@pytest.mark.parametrize(
    ("only", "skip", "message"),
    [
        (["discount"], [], "'discount' is not a rule, area or clause. .*`list-them` lists them"),
        (["discont-key"], [], r"Did you mean: discount-key\?"),
        (["feilds"], [], r"Did you mean: fields\?"),
        ([], ["TP-41"], r"Did you mean: TP-041\?"),
        (["TP-999"], [], "'TP-999' is not a rule"),
        ([""], [], "'' is not a rule"),
        ([" fields"], [], "' fields' is not a rule"),
        (["fields", "nothing"], [], "'nothing' is not a rule"),
        ([], ["nothing"], "'nothing' is not a rule"),
        (["fields"], ["fields"], "leave no rule"),
        ([], ["*"], "leave no rule"),
    ],
)
def test_a_selector_that_selects_nothing(only, skip, message):
    with pytest.raises(SelectionError, match=message):
        selected(only, skip)
