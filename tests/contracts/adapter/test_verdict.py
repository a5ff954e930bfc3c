"""Which mistake is named for a finding, and which findings share it."""

from solusio_contracts.adapter.verdict import Difference, Mistake, Verdict, name_causes, sentence

A, B, C = (Mistake(name, f"do {name}", f"Fix {name}.") for name in "abc")


def verdict(*mistakes, hint=""):
    made = Verdict()
    made.add(Difference("INV-005", "web", "1", "2", "lines", hint, each) for each in mistakes)
    return made


def test_the_mistake_that_explains_most_scenarios_is_named():
    verdicts = [verdict((A, B)), verdict((B,)), verdict((A, B), (B,)), verdict(())]
    (cause,) = name_causes(verdicts)
    assert (cause.id, cause.title, cause.fix) == ("b", "you probably do b (3 scenarios)", "Fix b.")
    found = [one for each in verdicts for one in each.findings]
    assert [one.cause for one in found] == ["b", "b", "b", "b", ""]
    assert [one.hint for one in found] == ["You probably do b. Fix b."] * 4 + [""]


def test_mistakes_that_nothing_tells_apart_are_both_named():
    verdicts = [verdict((A, B, C), hint="See there.")]
    (cause,) = name_causes(verdicts)
    assert (cause.id, cause.title) == ("a", "you probably do a, or do b")
    assert verdicts[0].findings[0].hint == "You probably do a, or do b. Fix a. See there."


def test_each_finding_has_its_own_cause_and_the_commonest_comes_first():
    causes = name_causes([verdict((A,), (B,)), verdict((B,))])
    assert [one.id for one in causes] == ["b", "a"]


def test_of_many_explanations_two_are_told():
    assert sentence((A, B, C)) == "You probably do a, or do b. Fix a."
    assert sentence(()) == ""
