"""The page as a person meets it: opened from a file in a real browser, with keys, on paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from harness.model import ABSENT
from harness.report.page.page import page
from harness.report.told import Told
from harness.text import visible
from tests.harness.hostile_told import HOSTILE, hostile
from tests.harness.many_told import many, told
from tests.harness.story import BAN, PAY, RULING, SCENARIO, cells

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
INSTALL = f"install playwright (`pip install -e .[dev]`) and one of {', '.join(BROWSERS)}"
DIVERGING = (7, 1234)

CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const line = [r, g, b].map((v) => v / 255).map(
      (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * line[0] + 0.7152 * line[1] + 0.0722 * line[2];
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  let looked = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !one.checkVisibility()) continue;
    if (one.closest("script, style, option")) continue;
    const [low, high] = [light(parse(getComputedStyle(one).color)), light(ground(one))]
      .sort((a, b) => a - b);
    looked += 1;
    if ((high + 0.05) / (low + 0.05) < 4.5) faint.add(`${one.className}: ${one.textContent}`);
  }
  return [looked, [...faint]];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser; where there is none the tests are skipped, and fail in CI."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"no browser to look at the page with: {INSTALL}")
        pytest.skip(INSTALL)
    # A browser that is run by root cannot have a sandbox of its own.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=args)
        yield started
        started.close()


class Opened:
    """A page in a tab of its own, with everything it asked for and complained about."""

    def __init__(self, browser: Any, file: Path, fragment: str = "", **context: Any) -> None:
        values = {"viewport": {"width": 1280, "height": 900}, **context}
        self.context = browser.new_context(**values)
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", self._dialog)
        self.url = file.as_uri()
        self.tab.goto(self.url + fragment)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    @property
    def shown(self) -> list[str]:
        """Ids of the scenarios that the list shows."""
        script = "all => all.filter(one => one.checkVisibility()).map(one => one.textContent)"
        return list(self.tab.eval_on_selector_all(".scenario .row .id", script))

    @property
    def hits(self) -> str:
        return str(self.tab.text_content("#hits"))

    @property
    def focus(self) -> str:
        return str(self.tab.evaluate("document.activeElement.innerText"))

    @property
    def opened(self) -> list[str]:
        return list(self.tab.eval_on_selector_all(
            ".scenario.open .row .id", "all => all.map(one => one.textContent)"
        ))  # fmt: skip

    def fragment(self, expected: str) -> None:
        """Wait until the address says this."""
        self.tab.wait_for_function("hash => location.hash === hash", arg=expected)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(self.tab.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a run's page; all tabs are closed afterwards."""
    tabs: list[Opened] = []

    def made(run: Told, fragment: str = "", **context: Any) -> Opened:
        file = tmp_path / f"page-{len(tabs)}.html"
        file.write_text(page(run), encoding="utf-8", newline="\n")
        tabs.append(Opened(browser, file, fragment, **context))
        return tabs[-1]

    yield made
    for tab in tabs:
        tab.context.close()


def wide(base: Told, value: str = "v" * 400) -> Told:
    """The run with long values in every place that could push the page wider."""
    judged = list(base.cells)
    one = judged[1]
    long = structs.replace(one.differences[0], control=value, candidate=ABSENT, at="x" * 200)
    judged[1] = replace(one, differences=(long, *one.differences))
    return replace(base, cells=tuple(judged))


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")

    assert seen.requests == [seen.url]
    assert seen.complaints == []
    assert seen.opened == [SCENARIO.id]


def test_what_it_was_not_made_with_cannot_run_or_be_fetched(opened: Any) -> None:
    seen = opened(told())

    seen.tab.evaluate("""() => {
      const script = document.createElement('script');
      script.textContent = "window.obeyed = 'yes'";
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'http://localhost:9/x.png';
      document.body.append(image);
    }""")

    assert seen.tab.evaluate("window.obeyed") is None
    assert len(seen.complaints) == 2
    assert all("Content Security Policy" in text for text in seen.complaints)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_and_never_obeyed(opened: Any, text: str) -> None:
    run = hostile(text)
    seen = opened(run)
    seen.tab.click(".row button")
    seen.tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")

    body = seen.tab.evaluate("document.body.innerText.replace(/\\s+/g, ' ')")
    wanted = " ".join(visible(text, lines=True).split())

    assert seen.tab.evaluate("window.obeyed") is None
    assert seen.dialogs == []
    assert seen.complaints == []
    assert seen.requests == [seen.url]
    # Title, act, reason, value, ruling, finding, file …: most places tell it, whole.
    assert body.count(wanted) > 40
    assert seen.tab.locator(".episode").count() == 3
    assert seen.overflow() == 0


def test_all_of_two_thousand_are_there_and_those_that_need_a_look_come_first(opened: Any) -> None:
    seen = opened(many(2000, diverging=DIVERGING))

    assert len(seen.shown) == 2000
    assert seen.shown[:3] == ["made-00007", "made-01234", "made-00000"]
    assert seen.hits == "2000 of 2000 scenarios, 8000 cells"

    seen.tab.fill("#f-q", "number 1999")
    assert seen.shown == ["made-01999"]
    seen.tab.fill("#f-q", "")
    seen.tab.select_option("#f-outcome", "needs a look")
    assert seen.shown == ["made-00007", "made-01234"]
    seen.tab.select_option("#f-outcome", "")
    seen.tab.select_option("#f-ticket", "ticket-3")
    seen.tab.select_option("#f-segment", "business")
    seen.tab.select_option("#f-fault", "Q17")
    expected = [f"made-{n:05}" for n in range(2000) if n % 7 == 3 and n % 3 == 2 and n % 90 == 17]
    assert seen.shown == expected
    assert expected
    seen.tab.click("button[type=reset]")
    assert seen.hits == "2000 of 2000 scenarios, 8000 cells"


def test_filters_combine_in_one_and_the_same_cell(opened: Any) -> None:
    seen = opened(many(9, diverging=[4]))

    seen.tab.select_option("#f-path", BAN)
    seen.tab.select_option("#f-outcome", "DIVERGE")
    assert (seen.shown, seen.hits) == (["made-00004"], "1 of 9 scenarios, 1 cell")

    # The cell that diverges ran another path: no cell has both.
    seen.tab.select_option("#f-path", PAY)
    assert (seen.shown, seen.hits) == ([], "0 of 9 scenarios, 0 cells")
    assert seen.tab.is_visible("#nothing")

    seen.tab.click("#clear")
    assert len(seen.shown) == 9
    seen.tab.select_option("#f-ruling", "no ruling")
    assert seen.shown == ["made-00004"]
    assert seen.tab.get_attribute("#hits", "aria-live") == "polite"


def test_a_view_can_be_sent(opened: Any) -> None:
    run = many(9, diverging=[4])
    seen = opened(run)
    seen.tab.fill("#f-q", "paying 4")
    seen.tab.select_option("#f-path", BAN)
    seen.tab.click(".row button:has-text('made-00004')")

    sent = "#q=paying+4&path=cron.ban_flagged&open=made-00004"
    seen.fragment(sent)
    other = opened(run, sent)

    assert other.shown == seen.shown == ["made-00004"]
    assert other.tab.input_value("#f-q") == "paying 4"
    assert other.tab.input_value("#f-path") == BAN
    assert other.opened == ["made-00004"]


def test_a_view_of_another_run_says_what_this_one_lacks(opened: Any) -> None:
    seen = opened(told(), "#path=gone.path&open=gone&at=gone%231")

    assert seen.shown == []
    assert seen.tab.locator("#f-path option:checked").text_content() == (
        "gone.path (not in this run)"
    )
    assert seen.complaints == []


def test_the_way_back_leads_to_the_view_before(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")
    seen.tab.click(f".episode[data-cell='{SCENARIO.id}#1'] a:text-is('{RULING.id}') >> nth=0")
    assert seen.tab.locator(".ruling.here").count() == 1

    seen.tab.go_back()

    seen.fragment(f"#open={SCENARIO.id}")
    assert seen.opened == [SCENARIO.id]


def test_a_count_in_the_matrix_filters_the_list(opened: Any) -> None:
    seen = opened(many(9, diverging=[4]))

    seen.tab.click(f".matrix tr:has-text('{BAN}') a:has-text('DIVERGE') >> nth=0")

    assert seen.shown == ["made-00004"]
    assert seen.tab.input_value("#f-outcome") == "DIVERGE"
    seen.fragment("#path=cron.ban_flagged&segment=pro&outcome=DIVERGE")


def test_a_total_leads_to_as_many_cells_as_it_says(opened: Any) -> None:
    seen = opened(many(9, diverging=[4]))
    counts = [
        one.inner_text().split() for one in seen.tab.locator(".total >> nth=0").locator("a").all()
    ]

    for outcome, n in counts:
        seen.tab.click(f".total >> nth=0 >> a:has-text('{outcome}')")
        assert seen.hits.endswith(f", {n} cell{'' if n == '1' else 's'}"), outcome
    assert len(counts) >= 2


def test_ruling_and_cell_lead_to_each_other(opened: Any) -> None:
    seen = opened(told())
    seen.tab.click(".ruling summary")
    seen.tab.click(f".ruling a:text-is('{SCENARIO.id}#1')")
    seen.tab.wait_for_selector(".episode.here")

    assert seen.tab.evaluate("document.activeElement.dataset.cell") == f"{SCENARIO.id}#1"
    box = seen.tab.locator(".episode.here").bounding_box()
    assert 0 <= box["y"] < 900, "what a link leads to is on the screen"

    seen.tab.click(f".episode.here a:text-is('{RULING.id}') >> nth=0")
    assert seen.tab.evaluate("document.activeElement.innerText").startswith(RULING.id)
    assert seen.opened == [SCENARIO.id]


def test_an_opened_scenario_tells_both_sides_in_words(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")
    text = " ".join(seen.tab.inner_text(".detail").split())

    for words in (
        f"#1 {PAY} 2026-03-02T11:00:00Z RULED class REPAIR",
        f"Paths that ran: {PAY} (on {PAY})",
        "Control invoices.pay in_1 with payment_method pm_1: ok answered status 200",
        "Its reasons debt.none with owed 0 standing.clear",
        "first cause billing_db.bad_debt true true left as it was false R-paid-but-flagged",
        "repeat of #1 billing_db.bad_debt",
        "follows customer.banned true false",
        "both invoices.in_1.status open paid paid",
        "new cause enforcement.ban absent",
        "no ruling",
        "Some differences have no ruling.",
        "Customer at the end, each engine in its own world",
        "banned true false differs",
        "Free run THEN_FAILED then does not hold: customer.banned: expected false, found true",
        "finding DIVERGE no-ruling: books.enforcement.ban",
        f"Next: shadow rule {SCENARIO.id}#2",
    ):
        assert words in text, words


def test_every_table_says_what_its_columns_are(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")
    texts = "all => all.map(one => one.textContent)"

    def head(table: str) -> list[str]:
        return list(seen.tab.locator(f"{table} >> nth=0").locator("thead th").evaluate_all(texts))

    assert head(".detail .changes") == ["What", "Field", "Was", "Control", "Candidate", "Ruling"]
    assert head(".detail .customer") == ["What", "Control", "Candidate", "Same?"]
    assert head(".detail .overview") == [
        "episode", "when (UTC)", "act", "outcome",
        "billing_db", "customer", "enforcement", "invoices",
    ]  # fmt: skip
    assert seen.tab.locator("th:empty").count() == 0
    assert "[object" not in seen.tab.text_content("main")


def test_everything_is_done_with_keys(opened: Any) -> None:
    seen = opened(many(120))
    keys = seen.tab.keyboard

    keys.press("Tab")
    assert seen.focus == "Skip to the scenarios"
    keys.press("Enter")
    assert seen.tab.evaluate("document.activeElement.id") == "scenarios"
    keys.press("/")
    assert seen.tab.evaluate("document.activeElement.id") == "f-q"
    keys.type("number 11j")
    assert seen.tab.input_value("#f-q") == "number 11j", "in a field a letter is a letter"
    keys.press("Backspace")
    keys.press("ArrowDown")
    assert seen.focus.startswith("made-00011")
    keys.press("j")
    assert seen.focus.startswith("made-00101"), "its fault is Q11"
    keys.press("ArrowDown")
    assert seen.focus.startswith("made-00110")
    keys.press("k")
    assert seen.focus.startswith("made-00101")
    keys.press("Enter")
    assert seen.opened == ["made-00101"]
    keys.press("Tab")
    assert seen.tab.evaluate("document.activeElement.closest('.detail') !== null")
    keys.press("Escape")
    assert seen.opened == []
    assert seen.focus.startswith("made-00101")
    outline = "getComputedStyle(document.activeElement, '::after').outlineStyle"
    assert seen.tab.evaluate(outline) == "solid", "who uses keys sees where they are"


def test_letters_can_be_given_back(opened: Any) -> None:
    seen = opened(told())
    seen.tab.click(".keys summary")
    seen.tab.uncheck("#letters")
    seen.tab.keyboard.press("/")

    assert seen.tab.evaluate("document.activeElement.id") != "f-q"


def test_the_page_has_landmarks_headings_and_tables_with_scope(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")
    tab = seen.tab

    assert [tab.locator(one).count() for one in ("main", "header.top", "nav", "h1")] == [1] * 4
    assert tab.get_by_role("search").count() == 1
    assert tab.locator("th:not([scope])").count() == 0
    assert tab.locator("main > section:not([aria-labelledby])").count() == 0
    levels = tab.eval_on_selector_all(
        "h1, h2, h3, h4, h5, h6", "all => all.map(o => +o.tagName[1])"
    )
    skipped = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert skipped == []
    unnamed = """all => all.filter(one => !one.labels.length).map(one => one.id)"""
    assert tab.eval_on_selector_all(".filters input, .filters select", unnamed) == []
    ids = tab.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_schemes(opened: Any, scheme: str) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}", color_scheme=scheme)
    seen.tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")

    looked, faint = seen.tab.evaluate(CONTRAST)

    assert looked > 200
    assert faint == []
    ground = seen.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 23, 26)") == (scheme == "dark")


@pytest.mark.parametrize("width", [360, 700, 1280])
def test_no_screen_has_to_be_moved_sideways(opened: Any, width: int) -> None:
    seen = opened(wide(told()), f"#open={SCENARIO.id}", viewport={"width": width, "height": 740})
    seen.tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")

    assert seen.overflow() == 0


def test_side_by_side_stacks_on_a_narrow_screen(opened: Any) -> None:
    def apart(width: int) -> tuple[bool, bool]:
        seen = opened(told(), f"#open={SCENARIO.id}", viewport={"width": width, "height": 740})
        one, other = (seen.tab.locator(f".sides > div >> nth={n}").bounding_box() for n in (0, 1))
        return one["x"] < other["x"], one["y"] < other["y"]

    assert apart(1280) == (True, False)
    assert apart(360) == (False, True)


def test_paper_holds_verdict_rulings_and_what_was_open(opened: Any) -> None:
    seen = opened(many(60, diverging=[4, 9]), "#open=made-00004")
    seen.tab.emulate_media(media="print")
    tab = seen.tab

    assert seen.shown == ["made-00004"]
    for hidden in (".filters", ".top", "#hits", ".keys"):
        assert not tab.is_visible(hidden), hidden
    for visible_ in (".verdict", ".figures", ".matrix", ".ruling .prose", ".clauses", ".episode"):
        assert tab.locator(visible_).first.is_visible(), visible_
    clipped = """() => [...document.querySelectorAll('main *')].filter(one => {
      if (!one.checkVisibility() || !one.clientWidth) return false;
      const style = getComputedStyle(one);
      return style.overflowX !== 'visible' && one.scrollWidth > one.clientWidth
        || style.overflowY !== 'visible' && one.scrollHeight > one.clientHeight;
    }).map(one => one.className)"""
    assert tab.evaluate(clipped) == []


def test_a_dark_screen_prints_on_white(opened: Any) -> None:
    seen = opened(told(), color_scheme="dark")
    seen.tab.emulate_media(media="print", color_scheme="dark")

    assert seen.tab.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    assert seen.tab.evaluate(CONTRAST)[1] == []
    assert seen.tab.pdf()[:5] == b"%PDF-"


def test_without_a_script_the_page_still_says_what_was_decided(opened: Any) -> None:
    seen = opened(told(), java_script_enabled=False)
    text = seen.tab.locator("main").inner_text()

    for words in ("read without JavaScript", "Gate closed", "agreement where the", "DIVERGE",
                  RULING.title):  # fmt: skip
        assert words in text, words
    assert SCENARIO.title in seen.tab.locator("#scenarios").text_content()
    assert not seen.tab.locator(".filters").is_visible()


def test_an_unruled_cause_is_brighter_than_what_repeats_it(opened: Any) -> None:
    seen = opened(told(judged=cells()), f"#open={SCENARIO.id}")
    weight = "one => getComputedStyle(one).fontWeight"

    assert seen.tab.locator("tr.cause .mark").first.evaluate(weight) == "700"
    assert seen.tab.locator("tr.dim .mark").first.evaluate(weight) == "400"


@pytest.mark.parametrize(
    ("fragment", "some"),
    [
        ("#path=toString", False),
        ("#path=__proto__&outcome=AGREE", False),
        ("#open=__proto__&open=constructor&at=%22%5D,img,*", True),
        ("#q=%E0%A4%A&at=%", False),
        ("#path=%3Cimg%20src=x%20onerror=alert(1)%3E&at=%00%E2%80%AE", False),
        ("#open=a&" * 20_000, True),
        ("#javascript:alert(1)", True),
    ],
    ids=range(7),
)
def test_a_hostile_address_is_neither_obeyed_nor_taken_for_a_view(
    opened: Any, fragment: str, some: bool
) -> None:
    seen = opened(told(), fragment)

    assert bool(seen.shown) is some
    assert (seen.opened, seen.complaints, seen.dialogs) == ([], [], [])
    assert seen.requests == [seen.url]
    assert seen.tab.locator("img").count() == 0
    seen.tab.click(".row button" if some else "button[type=reset]")
    assert seen.shown == [SCENARIO.id], "the page still works"


def test_escape_in_a_choice_closes_the_choice_and_no_scenario(opened: Any) -> None:
    seen = opened(told(), f"#open={SCENARIO.id}")

    seen.tab.focus("#f-path")
    seen.tab.keyboard.press("Escape")

    assert seen.opened == [SCENARIO.id]
    assert seen.tab.evaluate("document.activeElement.id") == "f-path"


def test_what_a_short_value_leaves_out_is_one_step_away_and_on_paper(opened: Any) -> None:
    long = {f"amount_{number}": number for number in range(9)}
    base = told()
    judged = list(base.cells)
    one = structs.replace(
        judged[1].differences[0], control=long, candidate=ABSENT, at="invoices.in_9"
    )
    judged[1] = replace(judged[1], differences=(one, *judged[1].differences[1:]))
    seen = opened(replace(base, cells=tuple(judged)), f"#open={SCENARIO.id}")
    whole = seen.tab.locator(".changes .whole")

    assert "and 3 more" in whole.locator("summary").inner_text()
    assert not whole.get_by_text("amount_8: 8").is_visible()
    whole.locator("summary").press("Enter")
    assert whole.locator("li").all_inner_texts() == [f"amount_{n}: {n}" for n in range(9)]
    whole.locator("summary").press("Enter")
    seen.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    seen.tab.emulate_media(media="print")
    assert whole.get_by_text("amount_8: 8").is_visible()


def test_a_stacked_table_keeps_its_caption_on_a_line(opened: Any) -> None:
    seen = opened(told(), viewport={"width": 360, "height": 800})

    captions = seen.tab.eval_on_selector_all(
        "caption", "all => all.map(one => [one.clientWidth, getComputedStyle(one).display])"
    )

    assert captions
    # Outside a table Firefox makes `table-caption` one letter wide, and Chromium does not.
    assert {display for _, display in captions} == {"block"}
    assert all(width > 200 for width, _ in captions if width)


def test_a_low_screen_is_left_to_what_is_read(opened: Any) -> None:
    def bar(height: int) -> str:
        seen = opened(told(), viewport={"width": 640, "height": height})
        return str(seen.tab.locator(".top").evaluate("one => getComputedStyle(one).position"))

    assert (bar(900), bar(360)) == ("sticky", "static")


@pytest.mark.parametrize("width", [1280, 360])
def test_an_accessibility_checker_finds_nothing_in_any_state(opened: Any, width: int) -> None:
    """axe-core, which `axe-playwright-python` brings along: nothing is fetched."""
    if not os.environ.get("CI"):
        pytest.importorskip("axe_playwright_python", reason=INSTALL)
    from axe_playwright_python.sync_playwright import Axe

    seen = opened(many(6, diverging=[4]), viewport={"width": width, "height": 900})

    def found() -> list[str]:
        result = Axe().run(seen.tab).response
        assert result["passes"], "nothing was looked at"
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in result["violations"]]

    assert found() == []
    for button in seen.tab.locator(".row button").all()[:3]:
        button.click()
    seen.tab.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")
    assert found() == []
    seen.tab.fill("#f-q", "nothing has this")
    assert found() == []
