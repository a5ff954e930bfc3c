"""Templates alone: whatever they are given is escaped, labelled and complete."""

import re
from html.parser import HTMLParser

import pytest

from mock_solusio.ui.models import (
    AccountSummary,
    AreaPage,
    Badge,
    Choice,
    ChoiceGroup,
    DeletePage,
    DeliveryRow,
    EventHandlerCard,
    EventHandlersPage,
    Frame,
    LimitUse,
    LoginPage,
    MessagePage,
    NewServerPage,
    Notice,
    Page,
    PlanCard,
    PlanPrice,
    Problem,
    RegisterPage,
    ServerCard,
    ServerList,
    ServerPage,
    TaskRow,
    UsageRow,
)
from mock_solusio.ui.render import SITE, render

EVIL = "<script>alert('\"&</title>"
USER = Frame(email=EVIL, proof="proof", banner=EVIL)
GUEST = Frame(proof="proof", registration=True)

VOID = {"meta", "link", "input", "img", "br"}


def plan(**changes: object) -> PlanCard:
    fields = {
        "id": 3,
        "name": EVIL,
        "specs": (EVIL,),
        "prices": (PlanPrice(EVIL, "a month"),),
        "note": EVIL,
        "places": EVIL,
    }
    return PlanCard(**{**fields, **changes})  # type: ignore[arg-type]


SERVER = ServerCard(7, EVIL, Badge(EVIL, "good"), EVIL, EVIL, EVIL, (EVIL,), deletable=True)
ACCOUNT = AccountSummary(
    EVIL, Badge(EVIL, "good"), EVIL, EVIL, (LimitUse(EVIL, 2, 5), LimitUse("Addresses", 1, None))
)
SERVERS = ServerList((SERVER,), 60, EVIL, 2, 3, "page=1", "page=3")
PROBLEMS = (Problem(EVIL, "name"), Problem(EVIL, "email"), Problem(EVIL))

PAGES: list[tuple[Page, Frame]] = [
    (AreaPage(ACCOUNT, SERVERS, (plan(), plan(prices=(), tokens=EVIL)), Notice(EVIL, "/")), USER),
    (AreaPage(ACCOUNT, ServerList((), 0, EVIL), (), None, EVIL), USER),
    (
        ServerPage(
            SERVER,
            (EVIL,),
            EVIL,
            (PlanPrice(EVIL, "a month"),),
            EVIL,
            EVIL,
            (UsageRow(EVIL, EVIL, "1", "7", EVIL),),
            EVIL,
            (TaskRow(EVIL, Badge(EVIL, "busy"), EVIL),),
        ),
        USER,
    ),
    (
        EventHandlersPage(
            (EventHandlerCard(EVIL, EVIL, (EVIL,), Badge("Enabled", "good")),),
            (DeliveryRow(EVIL, EVIL, EVIL, Badge("Failed", "bad"), EVIL),),
        ),
        USER,
    ),
    (
        NewServerPage(
            (plan(),),
            (Choice(EVIL, EVIL),),
            (ChoiceGroup(EVIL, (Choice(EVIL, EVIL),)),),
            EVIL,
            "3",
            EVIL,
            EVIL,
            PROBLEMS,
        ),
        USER,
    ),
    (DeletePage(SERVER, PROBLEMS), USER),
    (LoginPage(EVIL, EVIL, PROBLEMS), GUEST),
    (RegisterPage(EVIL, PROBLEMS), GUEST),
    (MessagePage(EVIL, (EVIL,), "/", EVIL, 410), GUEST),
]


class Reader(HTMLParser):
    """Collects elements, and complains when they are not properly nested."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(page: Page, frame: Frame) -> Reader:
    reader = Reader()
    reader.feed(render(page, frame))
    reader.close()
    assert reader.open == []
    return reader


each_page = pytest.mark.parametrize(
    ("page", "frame"), PAGES, ids=lambda value: getattr(value, "template", "").partition(".")[0] or "frame"
)


@each_page
def test_what_users_write_is_escaped(page, frame):
    reader = read(page, frame)
    assert reader.of("script") == []
    assert "<script>" not in render(page, frame)
    assert any(EVIL in text for text in ["".join(reader.text)]), "the text is shown as it is"


@each_page
def test_page_has_language_landmarks_one_heading_and_no_inline_style(page, frame):
    reader = read(page, frame)
    assert reader.of("html") == [{"lang": "en"}]
    for tag in ("header", "main", "footer", "h1", "title"):
        assert len(reader.of(tag)) == 1, tag
    assert reader.of("style") == []
    assert not [tag for tag, attributes in reader.elements if "style" in attributes]
    assert not [name for _, attributes in reader.elements for name in attributes if name.startswith("on")]


@each_page
def test_every_id_is_unique_and_every_reference_resolves(page, frame):
    reader = read(page, frame)
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in reader.elements:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids), attributes
        href = attributes.get("href") or ""
        if href.startswith("#"):
            # A form error of a field that another form has is not in these pages.
            assert href[1:] in ids or href[1:] in {"name", "email"}


@each_page
def test_every_input_has_a_label_and_every_form_its_proof(page, frame):
    reader = read(page, frame)
    labelled = {attributes.get("for") for attributes in reader.of("label")}
    for attributes in [*reader.of("input"), *reader.of("select")]:
        if attributes.get("type") == "hidden":
            assert (attributes["name"], attributes["value"]) == ("_token", "proof")
        elif attributes.get("type") != "radio":  # those are inside their labels
            assert attributes["id"] in labelled
    hidden = [attributes for attributes in reader.of("input") if attributes.get("type") == "hidden"]
    assert len(hidden) == len([form for form in reader.of("form") if form["method"] == "post"])


def test_error_summary_leads_to_the_fields_and_takes_the_focus():
    page = RegisterPage("x", (Problem("The email is taken.", "email"),))
    reader = read(page, GUEST)
    (summary,) = [attributes for _, attributes in reader.elements if attributes.get("role") == "alert"]
    assert "autofocus" in summary
    assert summary["tabindex"] == "-1"
    assert {"href": "#email"} in reader.of("a")
    (field,) = [attributes for attributes in reader.of("input") if attributes.get("id") == "email"]
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "email-wrong"
    assert "<title>Error: " in render(page, GUEST)


def test_page_without_errors_has_no_summary():
    reader = read(RegisterPage(), GUEST)
    assert not [attributes for _, attributes in reader.elements if attributes.get("role") == "alert"]
    assert not [attributes for _, attributes in reader.elements if "aria-invalid" in attributes]


@pytest.mark.parametrize(
    ("card", "shown", "hidden"),
    [
        (plan(prices=(PlanPrice("£5.00", "a month"),)), "£5.00", "Price not available"),
        (plan(prices=(), tokens="7 tokens an hour"), "Price not available", "Free"),
        (plan(prices=(), tokens=""), "Free", "Price not available"),
    ],
)
def test_plan_shows_its_price_or_says_that_there_is_none(card, shown, hidden):
    text = render(AreaPage(ACCOUNT, ServerList((), 0), (card,)), USER)
    assert shown in text
    assert hidden not in text


def test_full_account_is_not_offered_another_server():
    text = render(
        AreaPage(ACCOUNT, ServerList((), 0), (plan(),), full="You have all the servers you may have."), USER
    )
    assert "You have all the servers you may have." in text
    assert "/servers/new" not in text


def test_registration_is_offered_only_where_it_is_allowed():
    assert "/register" in render(LoginPage(), GUEST)
    assert "/register" not in render(LoginPage(), Frame())


# Colours


def colours(css: str) -> dict[str, dict[str, str]]:
    """Return the variables of the light and the dark scheme."""
    light, dark = re.findall(r":root \{([^}]*)\}", css)
    found = {
        scheme: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body))
        for scheme, body in (("light", light), ("dark", dark))
    }
    found["dark"] = {**found["light"], **found["dark"]}
    return found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("page", "card", "sunk")),
    *((ink, "tint") for ink in ("ink", "soft", "accent")),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-accent", "danger"),
    ("on-accent", "danger-hover"),
    *((tone, f"{tone}-bg") for tone in ("good", "busy", "idle", "bad")),
    ("bad", "card"),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme):
    """WCAG 2 AA: 4.5 for text, 3 for the edges of inputs."""
    found = colours(SITE.asset_bytes("style.css").decode())[scheme]
    for ink, ground in TEXT:
        assert contrast(found[ink], found[ground]) >= 4.5, (ink, ground)
    for ground in ("page", "card"):
        assert contrast(found["edge"], found[ground]) >= 3, ground


def test_text_on_the_gradient_can_be_read():
    css = SITE.asset_bytes("style.css").decode()
    gradients = re.findall(r"--hero: linear-gradient\(([^)]*)\)", css)
    inks = ["#ffffff", *set(re.findall(r"\.hero[^{]* dt \{ color: (#[0-9a-f]{6})", css))]
    assert len(gradients) == 2
    assert len(inks) == 2
    for stops in gradients:
        for stop in re.findall("#[0-9a-f]{6}", stops):
            for ink in inks:
                assert contrast(ink, stop) >= 4.5, (ink, stop)


def test_contrast_is_measured_right():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_static_files_load_nothing_from_elsewhere_and_are_named_by_their_content():
    assert set(SITE.assets.values()) == {"style.css", "icon.svg"}
    for path, name in SITE.assets.items():
        assert re.fullmatch(r"/static/[a-z]+\.[0-9a-f]{12}\.(css|svg)", path)
        assert path == SITE.asset(name)
        text = SITE.asset_bytes(name).decode().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("https://", "//")
        assert "@import" not in text
