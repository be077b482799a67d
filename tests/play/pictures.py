"""Takes the pictures of the playground that the README shows: `python -m tests.play.pictures` writes them into `examples/pictures`."""

from __future__ import annotations

from tests.play.browsing import ROOT, chromium, fragment, served

FOLDER = ROOT / "examples" / "pictures"
TEXT = "warmup(5%) then hold(45%) then cosine(rest, to=0.01x)"


def main() -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, served() as address:
        for theme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=theme)
            page.goto(address + fragment(TEXT, total_steps="10_000", base="3e-4"))
            expect(page.locator("#formula .katex")).to_be_visible()
            expect(page.locator("#exports button").first).to_be_visible()
            page.locator("#tick").fill("7500")
            expect(page.locator('#readout [data-tick="7500"]')).to_be_visible()
            page.evaluate("document.activeElement.blur(); document.fonts.ready.then(() => 0)")
            page.screenshot(path=FOLDER / f"play-{theme}.png", full_page=True, animations="disabled", caret="hide")
            page.close()


if __name__ == "__main__":
    main()
