"""Every page of the site, in a real browser, on a phone and on a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from build import pages
from paths import CHAPTERS, SITE
from playwright.sync_api import Browser, Page, expect

PAGES = [*pages(), "search", "genindex"]
WIDTHS = (390, 1280)
SHOWN = "[...document.images].filter(image => image.checkVisibility())"
"""The pictures of the theme that is on; those of the other are not even fetched."""


class Visit:
    """A page opened in the browser, with all that it asked for and complained of."""

    def __init__(
        self, browser: Browser, address: str, name: str, width: int, theme: str = "light"
    ) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.bytes = 0
        self.context = browser.new_context(
            viewport={"width": width, "height": 844},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("response", lambda r: setattr(self, "bytes", self.bytes + _size(r)))
        self.page.goto(f"{address}/{name}.html", wait_until="load")
        self.page.add_style_tag(content="* { content-visibility: visible !important; }")
        self.page.evaluate(f"{SHOWN}.forEach(image => {{ image.loading = 'eager' }})")
        self.page.wait_for_function(f"{SHOWN}.every(image => image.complete)")
        self.page.wait_for_load_state("networkidle")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *args: object) -> None:
        self.context.close()


def _size(response: object) -> int:
    try:
        return len(response.body())  # type: ignore[attr-defined]
    except Exception:  # a redirect or a cancelled request has no body to weigh
        return 0


@pytest.fixture(scope="module")
def visit(request: pytest.FixtureRequest, browser: Browser, site_address: str) -> Iterator[Visit]:
    """A page, opened once for all that is only read off it: its name, its theme and its width."""
    with Visit(browser, site_address, *request.param) as visit:
        yield visit


# Each page on a desk in light colours and on a phone in dark ones.
CHAPTER_PAGES = [f"chapters/{path.stem}" for path in sorted(CHAPTERS.glob("*.md"))]
DESKS = [(name, 1280, "light") for name in PAGES]
PHONES = [(name, 390, "dark") for name in PAGES]
CHAPTERS_ON_DESKS = [view for view in DESKS if view[0] in CHAPTER_PAGES]


def views(chosen: list[tuple[str, int, str]]) -> pytest.MarkDecorator:
    ids = ["-".join(map(str, view)) for view in chosen]
    return pytest.mark.parametrize("visit", chosen, ids=ids, indirect=True)


@views(DESKS + PHONES)
def test_page_is_whole(visit: Visit, site_address: str) -> None:
    foreign = [url for url in visit.requests if not url.startswith((site_address, "data:"))]
    assert not foreign
    assert not visit.complaints
    overflow = visit.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0, f"the page scrolls sideways by {overflow} px"
    assert visit.bytes < 2_000_000
    broken = visit.page.evaluate(f"{SHOWN}.filter(i => !i.naturalWidth).map(i => i.src)")
    assert not broken


@views(CHAPTERS_ON_DESKS)
def test_equations_are_drawn(visit: Visit) -> None:
    heights = visit.page.evaluate(
        "[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)"
    )
    assert len(heights) > 5
    hidden = visit.page.evaluate(
        "[...document.querySelectorAll('math')].filter(m => !m.closest('.solution, details')"
        " && m.getBoundingClientRect().height < 4).length"
    )
    assert hidden == 0
    assert visit.page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")
    words = visit.page.evaluate(
        "(() => { const a = document.querySelector('article').cloneNode(true);"
        "a.querySelectorAll('pre, code, script').forEach(e => e.remove());"
        "return a.textContent; })()"
    )
    raw = re.findall(r"\$\$|\\frac|\\sum|\\begin|\{glue|\{eq\}|\{numref\}|```", words)
    assert not raw


@views(CHAPTERS_ON_DESKS)
def test_tables_of_scores_are_shown_whole_on_a_desk(visit: Visit) -> None:
    tables = visit.page.locator(".score-table")
    hidden = tables.evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)")
    assert max(hidden, default=0) <= 1


@views(CHAPTERS_ON_DESKS)
def test_each_chapter_has_a_figure_to_play_with(visit: Visit) -> None:
    figures = visit.page.locator(".play")
    assert figures.count() >= 1
    for figure in figures.all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-ready", "true")
        assert figure.locator(".play-still:visible").count() == 0
        assert figure.locator("input, button, select").count() >= 1


@views(DESKS + PHONES)
def test_page_is_accessible(visit: Visit) -> None:
    # Ten thousand coloured words of code would take axe minutes; those of eight listings stay.
    visit.page.evaluate(
        "[...document.querySelectorAll('pre')].slice(8)"
        ".forEach(listing => { listing.textContent = listing.textContent })"
    )
    # Of each rule that holds, axe would report every node for which it does.
    options = {"resultTypes": ["violations"]}
    found = Axe().run(visit.page, options=options).response["violations"]
    grave = [
        f"{each['id']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"][:3]
    ]
    assert not grave, "\n".join(grave)


def test_search_finds_a_term(browser: Browser, site_address: str) -> None:
    with Visit(browser, site_address, "book/index", 1280) as visit:
        visit.page.keyboard.press("Control+k")
        visit.page.keyboard.type("convolution")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/search.html**")
        visit.page.wait_for_selector("#search-results li a")
        found = visit.page.locator("#search-results li a").evaluate_all(
            "all => all.map(a => a.href)"
        )
        assert any("02_convolution" in link for link in found)
        assert not visit.complaints


def test_search_says_when_it_finds_nothing(browser: Browser, site_address: str) -> None:
    with Visit(browser, site_address, "search", 1280) as visit:
        visit.page.goto(f"{site_address}/search.html?q=zzxxqqy")
        visit.page.wait_for_function(
            "document.querySelector('#search-results')?.textContent.includes('did not match')"
        )


def test_a_page_is_in_the_system_s_theme_before_its_scripts_come(
    browser: Browser, site_address: str
) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{site_address}/book/notation.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    context.close()


def test_theme_switches(browser: Browser, site_address: str) -> None:
    with Visit(browser, site_address, "chapters/02_convolution", 1280) as visit:
        page = visit.page
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for _ in range(3):
            page.locator(".theme-switch-button:visible").first.click()
            if page.evaluate("document.documentElement.dataset.theme") == "dark":
                break
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_stands_on_the_paper_of_its_theme(
    browser: Browser, site_address: str, theme: str
) -> None:
    with Visit(browser, site_address, "chapters/04_segmentation", 1280, theme) as visit:
        shown = visit.page.locator(f".figure-link.on-{theme} img")
        other = {"light": "dark", "dark": "light"}[theme]
        assert shown.count() == visit.page.locator(f".figure-link.on-{other} img").count() > 5
        assert all(image.is_visible() for image in shown.all())
        assert visit.page.locator(f".figure-link.on-{other} img:visible").count() == 0
        unseen = visit.page.locator(f".figure-link.on-{other}").evaluate_all(
            "all => all.map(link => link.href)"
        )
        assert not set(unseen) & set(visit.requests)
        play = visit.page.locator(".text_html:has(.play)").first
        ground = play.evaluate("e => getComputedStyle(e).backgroundColor")
        assert ground == "rgba(0, 0, 0, 0)", "a slab under the figure to play with"


def test_a_page_is_printed_in_light_colours_and_without_cut_lines(
    browser: Browser, site_address: str
) -> None:
    with Visit(browser, site_address, "chapters/05_layers", 1280, "dark") as visit:
        theme = "document.documentElement.dataset.theme"
        assert visit.page.evaluate(theme) == "dark"
        visit.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate(theme) == "light"
        visit.page.set_viewport_size({"width": 700, "height": 900})
        cut = visit.page.evaluate(
            "[...document.querySelectorAll('article pre')]"
            ".filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)"
            ".map(e => e.textContent.slice(0, 60))"
        )
        assert not cut
        visit.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert visit.page.evaluate(theme) == "dark"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_of_scores_keeps_its_first_column_in_view(
    browser: Browser, site_address: str, width: int
) -> None:
    with Visit(browser, site_address, "chapters/04_segmentation", width) as visit:
        table = visit.page.locator(".score-table").first
        table.evaluate("e => { e.scrollLeft = e.scrollWidth }")
        name = table.locator('th[scope="row"]').first.bounding_box()
        last = table.locator("tbody tr").first.locator("td").last.bounding_box()
        outer = table.bounding_box()
        assert name is not None and last is not None and outer is not None
        assert name["x"] == pytest.approx(outer["x"], abs=2)
        assert last["x"] + last["width"] <= outer["x"] + outer["width"] + 1


def test_menu_opens_on_a_phone(browser: Browser, site_address: str) -> None:
    with Visit(browser, site_address, "chapters/02_convolution", 390) as visit:
        link = visit.page.locator(".bd-sidebar-primary").get_by_text("3. Image filters")
        assert not link.is_visible()
        visit.page.locator(".primary-toggle:visible").first.click()
        link.wait_for(state="visible")


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere_and_one_to_the_index(name: str, site_address: str) -> None:
    from bs4 import BeautifulSoup, SoupStrainer

    page = SITE / f"{name}.html"
    soup = BeautifulSoup(page.read_text("utf8"), "html.parser", parse_only=SoupStrainer("a"))
    targets = {str(link["href"]).split("#")[0].split("?")[0] for link in soup("a", href=True)}
    inner = {each for each in targets if "://" not in each and not each.startswith("mailto:")}
    assert [each for each in inner if not (page.parent / each).resolve().exists()] == []
    (link,) = (each for each in soup("a", class_="internal") if each.text.strip() == "Index")
    assert (page.parent / str(link["href"])).resolve() == SITE / "genindex.html"


def test_no_dead_launch_buttons() -> None:
    for name in pages():
        text = (SITE / f"{name}.html").read_text("utf8")
        assert "colab.research" not in text
        assert "mybinder" not in text
