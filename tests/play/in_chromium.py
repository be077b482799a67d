"""Tests of the playground in a real browser, both builds: `pytest tests/play/in_chromium.py`. `.ci/run` runs them; a plain `pytest` does not.

They need Debian's chromium, npm's Pyodide and the tools of the page: see `browsing` and `building`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

import lrdsl
from lrdsl.dialects.writing import WRITERS
from tests.play.browsing import chromium, fragment, published, served
from tests.play.building import TOOLS

THREE = "warmup(5%) then hold(40%) then cosine(rest, to=0.01x)"
FACTS = {"total_steps": "1000", "base": "0.1"}
SCHEDULE = lrdsl.parse(THREE, total_steps=1000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session", params=["served", "published"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served() if request.param == "served" else published(tmp_path_factory.mktemp("site") / "site") as url:
        yield url


@pytest.fixture(scope="session")
def opened(browser: Any, address: str) -> Iterator[Any]:
    """The page, loaded once. Nothing may go wrong in it, and it may ask no other place."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address.rstrip("/"))
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    context.on("request", lambda request: wrong.append(request.url) if not request.url.startswith((address, "data:")) else None)
    page.goto(address + fragment(THREE, **FACTS))
    expect(page.locator("html")).to_have_attribute("data-looked", THREE, timeout=120_000)  # Python is loaded, twice
    expect(page.locator("#exports button").first).to_be_visible(timeout=120_000)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def page(opened: Any) -> Any:
    """The page with the text of three phases."""
    show(opened, "hold")
    return show(opened, THREE, **FACTS)


def expect(locator: Any) -> Any:
    """What should come true of a part of a page, in half a minute at most: Python has to be loaded."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    return expect(locator)


def show(page: Any, text: str, **facts: str) -> Any:
    """Opens a link to a text in the page, and waits until it is shown."""
    page.evaluate("hash => { location.hash = hash }", fragment(text, **facts))
    expect(page.locator("html")).to_have_attribute("data-looked", text)
    return page


def editor(page: Any, which: str = "editor") -> Any:
    return page.locator(f"#{which} .cm-content")


def write(page: Any, text: str, which: str = "editor") -> None:
    """Types a text in the place of what is there."""
    editor(page, which).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    page.keyboard.press("Escape")  # no list of completions


def curves(page: Any) -> list[list[tuple[float, float]]]:
    """The points of the curves that are drawn, panel by panel."""
    panels = page.evaluate("document.getElementById('charts').plots.map(plot => plot.data)")
    return [[(x, y) for x, y in zip(panel[0], line, strict=True) if y is not None] for panel in panels for line in panel[1:]]


def copied(page: Any) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_what_is_drawn_are_the_levels(page: Any) -> None:
    [points] = curves(page)
    assert len(points) > 10
    assert (points[0], points[-1][0]) == ((0, 0), 1000)
    assert all(math.isclose(y, SCHEDULE.at(x, base=0.1), rel_tol=1e-9, abs_tol=1e-12) for x, y in points)
    for tick in (25, 50, 300, 700, 1000):  # the pixels of the curve, from its colour on the canvas
        level = SCHEDULE.at(tick, base=0.1)
        found = page.evaluate(
            """([tick, level]) => {
                const plot = document.getElementById("charts").plots[0], ratio = devicePixelRatio;
                const x = Math.round(plot.valToPos(tick, "x", true)), y = Math.round(plot.valToPos(level, "y", true));
                const { data } = plot.ctx.getImageData(x - 1 * ratio, y - 2 * ratio, 3 * ratio, 5 * ratio);
                const near = (i, r, g, b) => Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60;
                return Array.from({ length: data.length / 4 }, (_, i) => near(4 * i, 0x00, 0x72, 0xb2)).some(Boolean);
            }""",
            [tick, level],
        )
        assert found, tick


def test_the_level_under_the_cursor_is_that_of_values(page: Any) -> None:
    values = SCHEDULE.values(1001, base=0.1)
    for tick in (5, 1, 0, 49, 50, 449, 451, 777, 1000):
        page.locator("#tick").fill(str(tick))
        readout = page.locator(f'#readout [data-tick="{tick}"]')
        expect(readout).to_be_visible()
        assert float(readout.get_attribute("data-level")) == pytest.approx(values[tick], rel=1e-14, abs=0)
    box = page.locator("#charts .u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    expect(page.locator('#readout [data-tick="500"]')).to_contain_text("in cosine(rest, to=0.01x)")
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator('#readout [data-tick="501"]')).to_be_visible()


def test_the_text_is_told_in_words_phases_and_a_formula(page: Any) -> None:
    expect(page.locator("#sentences")).to_have_text(SCHEDULE.sentence(base=0.1))
    expect(page.locator("#phases tbody tr")).to_have_count(3)
    expect(page.locator("#phases tbody tr").nth(2)).to_contain_text("450 … 1_0005500.1 → 0.001")
    expect(page.locator("#formula .katex-mathml")).to_contain_text("cos")
    page.locator("#symbolic").check()
    expect(page.locator("#formula .katex-html")).to_contain_text("where")
    page.locator("#symbolic").uncheck()


def test_typing_draws_at_each_key(page: Any) -> None:
    write(page, "warmup(10) then linear(90)")
    expect(page.locator("html")).to_have_attribute("data-looked", "warmup(10) then linear(90)")
    schedule = lrdsl.parse("warmup(10) then linear(90)")
    [points] = curves(page)
    assert all(math.isclose(y, schedule.at(x, base=0.1), rel_tol=1e-9, abs_tol=1e-9) for x, y in points)
    expect(page.locator("#sentences")).to_contain_text("warms up linearly over 10 steps")
    assert page.locator("#editor .w-function").all_inner_texts() == ["warmup", "linear"]
    expect(page.locator("#editor .w-keyword")).to_have_text("then")


def test_a_mistake_is_marked_and_repaired(page: Any) -> None:
    write(page, "cosin(20) then hold(3, att=0.1)")
    expect(page.locator("#editor .cm-lintRange-error")).to_have_count(2)
    expect(page.locator("#problems li").first).to_contain_text("LR101 no shape is called cosin")
    expect(page.locator("html")).to_have_class(re.compile("broken"))
    page.locator("#problems .repair").first.click()
    expect(editor(page)).to_have_text("cosine(20) then hold(3, att=0.1)")
    expect(page.locator("#problems li")).to_have_count(1)
    page.locator("#editor .cm-lintRange-error").hover()
    tooltip = page.locator("#editor .cm-diagnostic")
    expect(tooltip).to_contain_text("`hold` has no parameter `att`")
    tooltip.get_by_role("button").click()
    expect(editor(page)).to_have_text("cosine(20) then hold(3, at=0.1)")
    expect(page.locator("#editor .cm-lintRange-error")).to_have_count(0)
    expect(page.locator("html")).not_to_have_class(re.compile("broken"))


def test_a_word_is_completed_and_explained(page: Any) -> None:
    write(page, "warmup(5) then ")
    page.keyboard.type("cosi")
    options = page.locator("#editor .cm-tooltip-autocomplete li")
    expect(options.first).to_contain_text("cosine")
    options.first.click()  # a key that comes as soon as the list is there is not taken for it
    expect(editor(page)).to_have_text("warmup(5) then cosine")
    page.keyboard.type("(20, ")
    expect(page.locator("#editor .call b")).to_have_text("to=0")
    page.keyboard.press("Escape")
    show(page, "cosine(20)")
    page.locator("#editor .w-function").hover()
    expect(page.locator("#editor .help").first).to_contain_text("Goes to to along half a cosine")
    page.mouse.move(2, 2)


def test_copies(page: Any) -> None:
    expect(page.locator("#formula .katex")).to_be_visible()
    for format in ("latex", "typst", "markdown", "python"):
        page.locator(f'#copies [data-format="{format}"]').click()
        expect(page.locator("#status")).to_contain_text("copied")
        style = {"width": 46} if format in ("latex", "markdown") else {}
        expect(page.locator("#code")).to_have_text(SCHEDULE.typeset(format, base=0.1, **style))
        assert copied(page) == SCHEDULE.typeset(format, base=0.1, **style)
    dialects = page.locator("#exports button")
    expect(dialects.first).to_be_visible()
    names = [button.get_attribute("data-dialect") for button in dialects.all()]
    assert sorted(map(str, names)) == sorted(WRITERS)
    for name in names:
        page.locator(f'#exports [data-dialect="{name}"]').click()
        try:
            code = SCHEDULE.export(name, base=0.1)
        except lrdsl.ScheduleError as error:
            expect(page.locator("#code")).to_contain_text(error.diagnostics[0].message)
            continue
        expect(page.locator("#code")).to_have_text(code)
        expect(page.locator("#status")).to_contain_text(": copied")
        assert copied(page) == code
    page.locator("#code-close").click()


def test_import(page: Any) -> None:
    page.get_by_role("button", name="Import").click()
    page.locator("#foreign").fill("sched = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.2)")
    expect(page.locator(".reading pre")).to_have_text("step(30, 0.2)")
    page.locator("#foreign").fill("lr_scheduler_type: cosine\nwarmup_steps: 3\nmax_steps: 30\nlearning_rate: 0.2")
    expect(page.locator(".reading pre")).to_have_text("hf.cosine(3, 30)")
    page.get_by_role("button", name="Use this text").click()
    expect(page.locator("html")).to_have_attribute("data-looked", "hf.cosine(3, 30)")
    assert (page.locator('[name="base"]').input_value(), page.locator('[name="total_steps"]').input_value()) == ("0.2", "30")
    page.get_by_role("button", name="Import").click()
    page.locator("#foreign").fill("import os; os.system('no')")
    expect(page.locator("#readings")).to_have_text("There is no schedule that lrdsl can read.")
    page.keyboard.press("Escape")
    expect(page.locator("#import")).not_to_be_visible()


def test_gallery(page: Any) -> None:
    page.get_by_role("button", name="Gallery").click()
    expect(page.locator("#count")).to_contain_text(re.compile(r"2\d\d of 2\d\d schedules"))
    page.locator("#search").fill("llama touvron")
    expect(page.locator("#entries li")).to_have_count(1)
    expect(page.locator("#entries li")).to_contain_text("Touvron et al. 2023, section 2.2")
    page.get_by_role("button", name="llama2").click()
    expect(page.locator("#sentences")).to_contain_text("warms up linearly over 2,000 steps")
    expect(page.locator("#assertions li").first).to_be_visible()
    page.get_by_role("button", name="Gallery").click()
    page.locator("#search").fill("hf.cosine_with_restarts")
    page.locator('[data-name="hf.cosine_with_restarts"] summary').click()
    expect(page.locator('[data-name="hf.cosine_with_restarts"] details pre')).to_contain_text("def hf.cosine_with_restarts(warm, total, cycles=1)")
    page.locator("#gallery .close").click()


def test_two_texts_over_each_other(page: Any) -> None:
    write(page, "linear(100)")
    page.get_by_role("button", name="Compare").click()
    write(page, "poly(100)", "other")
    verdict = page.locator("#verdict")
    expect(verdict).to_have_text("the same function: proved for every tick and every base above 0")
    expect(page.locator(".legend li")).to_have_text(["this text", "the other text"])
    write(page, "poly(100, power=2)", "other")
    expect(verdict).to_contain_text("they differ from tick 1 on")
    expect(page.locator("html")).to_have_attribute("data-other", "poly(100, power=2)")
    first, second = (dict(points) for points in curves(page))
    assert first[50 if 50 in first else 0] == pytest.approx(lrdsl.parse("linear(100)").at(50 if 50 in first else 0, base=0.1))
    assert all(y == pytest.approx(lrdsl.parse("poly(100, power=2)").at(x, base=0.1), abs=1e-9) for x, y in second.items())
    page.get_by_role("button", name="Swap").click()
    expect(editor(page)).to_have_text("poly(100, power=2)")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#other-part")).not_to_be_visible()


def test_a_link_holds_the_text(page: Any) -> None:
    write(page, "step(30, 0.5) then cosine(20)")
    page.locator('[name="base"]').fill("0.25")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#status")).to_contain_text("Link: copied")
    link = copied(page)
    show(page, "hold")
    page.evaluate("link => { location.hash = new URL(link).hash }", link)
    expect(editor(page)).to_have_text("step(30, 0.5) then cosine(20)")
    assert page.locator('[name="base"]').input_value() == "0.25"
    both = [fragment("linear(7)"), fragment("step(30, 0.5) then cosine(20)")]  # the text before comes to rest once the link is there
    page.evaluate("([link, before]) => { location.hash = link; history.replaceState(null, '', before) }", both)
    expect(page.locator("html")).to_have_attribute("data-looked", "linear(7)")


def test_a_hostile_link_is_text(page: Any) -> None:
    hostile = '<img src=x onerror="document.title=1"> <script>document.title=2</script> javascript:1 `<b>` hold'
    before = page.evaluate("document.querySelectorAll('img, script, b, iframe, object').length"), page.title()
    show(page, hostile, base="<b>1</b>", names="<script>=1", tick="<i>", log="<u>", nothing="<s>")
    expect(page.locator("#problems li").first).to_be_visible()
    assert (page.evaluate("document.querySelectorAll('img, script, b, iframe, object').length"), page.title()) == before
    show(page, '# <b>x</b>\nlr = linear(10); lr["<img src=x onerror=alert(1)>"] = 0.1 * lr')
    expect(page.locator(".legend")).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.evaluate("document.querySelectorAll('img, script, b').length") == before[0]


def test_several_targets_zoom_and_a_logarithmic_axis(page: Any) -> None:
    show(page, 'lr = warmup(100) then exp(0.99); lr["head"] = 0.1 * lr; momentum = linear(500, from=0.95, to=0.85)', **FACTS)
    expect(page.locator("#charts h3")).to_have_text(["learning rate", "momentum"])
    expect(page.locator(".legend li")).to_have_text(["other groups", "group head"])
    expect(page.locator("#sentences p")).to_have_count(3)
    page.locator("#target").select_option("momentum")
    expect(page.locator("#formula .katex-html")).to_contain_text("0.85")
    page.locator("#log").check()
    scale = "document.getElementById('charts').plots[0].scales.y.distr"
    expect(page.locator("html")).to_have_attribute("data-log", "yes")
    assert page.evaluate(scale) == 3
    page.locator("#log").uncheck()
    page.locator("#tick").fill("200")
    page.get_by_role("button", name="Zoom in").click()
    expect(page.locator("#slider")).to_have_attribute("min", "100")
    expect(page.locator("#slider")).to_have_attribute("max", "600")
    assert curves(page)[0][0][0] == 100
    page.get_by_role("button", name="Whole run").click()
    expect(page.locator("#slider")).to_have_attribute("max", "1000")
    box = page.locator("#charts .u-over").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("#slider")).to_have_attribute("max", re.compile("50[01]"))
    page.get_by_role("button", name="Whole run").click()


def test_events_are_supposed(page: Any) -> None:
    show(page, "hold until val_loss < 0.3 then linear(40)", **FACTS)
    page.locator('[name="events"]').fill("120")
    expect(page.locator("#phases tbody tr").nth(1)).to_contain_text("120 … 160")


def test_format_and_the_editor_by_keyboard(page: Any) -> None:
    write(page, "warmup( 5 )then cosine(  20)")
    page.get_by_role("button", name="Format").click()
    expect(editor(page)).to_have_text("warmup(5) then cosine(20)")
    editor(page).press("Tab")  # leaves the editor
    assert page.evaluate("document.activeElement.id !== 'editor'")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_everyone_can_use_it(page: Any, width: int, theme: str) -> None:
    """axe finds no fault: labels, contrast, roles, order. Nothing is wider than a phone."""
    page.set_viewport_size({"width": width, "height": 844})
    if page.locator("html").get_attribute("data-theme") != theme:
        page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    show(page, "cosin(20)")
    show(page, 'lr = warmup(5%) then cosine(rest, to=0.01x); lr["head"] = hold; momentum = hold(at=0.9); assert max(lr) == base', **FACTS)
    expect(page.locator("#assertions li")).to_have_count(1)
    for dialog in (None, "Gallery", "Import"):
        if dialog is not None:
            page.get_by_role("button", name=dialog).click()
        if dialog == "Gallery":
            page.locator("#search").fill("wsd")
        page.evaluate((TOOLS / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8") + "; 0")
        faults = page.evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html + node.failureSummary)]))"
        )
        assert faults == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if dialog is not None:
            page.locator("dialog[open] .close").click()
    page.set_viewport_size({"width": 1280, "height": 900})


def test_without_a_network(page: Any, browser: Any, address: str, request: pytest.FixtureRequest) -> None:
    """The published page goes on without one; the other says that its server has ended."""
    expect(page.locator("#exports button").first).to_be_visible()
    if "published" in request.node.callspec.id:
        page.context.set_offline(True)
        show(page, "warmup(7) then cosine(13)")
        expect(page.locator("#formula .katex-html")).to_contain_text("13")
        page.locator('#exports [data-dialect="torch"]').click()
        expect(page.locator("#code")).to_contain_text("LambdaLR")
        page.context.set_offline(False)
    else:
        with browser.new_context() as context:
            alone = context.new_page()
            alone.goto(address + fragment("hold"))
            expect(alone.locator("html")).to_have_attribute("data-looked", "hold")
            context.set_offline(True)
            editor(alone).press("a")
            expect(alone.locator("#status")).to_have_text("the server has ended: start `lrdsl play` again")
