"""The demands on every page: axe-core, three widths, dark and light, nothing sideways."""

import os
import zipfile

from browser import DESK, NARROW, PHONE

NAMES = {DESK: "1280", PHONE: "390", NARROW: "320"}

# What axe finds, in few lines.
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
  result => done(result.violations.map(({id, help, nodes: [node, ...others]}) =>
    id + ": " + help + ": " + node.html.slice(0, 160) + (node.any[0] ? " (" + node.any[0].message + ")" : "") +
      (others.length ? " and " + others.length + " more" : ""))),
  error => done(["axe failed: " + error]));
"""


class Judge:
    def __init__(self, axe, screenshots=None):
        """
        axe: a wheel that has axe.min.js in it.
        screenshots: a folder for pictures of every page, or None.
        """
        with zipfile.ZipFile(axe) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith("axe.min.js"))
            self.source = wheel.read(name).decode()
        self.screenshots = screenshots
        self.pages = set()
        # What was found, with the places where: the scenarios go on meanwhile.
        self.findings = {}

    def look(self, browser, name):
        """Looks at the page as it is now, at each width and in both colour schemes; leaves it as it was."""
        self.pages.add(name)
        before = browser.size
        for size in (DESK, PHONE, NARROW):
            browser.resize(size)
            for scheme in ("light", "dark"):
                browser.colours(scheme)
                for finding in self.axe(browser) + self.sideways(browser):
                    self.findings.setdefault(finding, []).append(f"{name} at {NAMES[size]}, {scheme}")
                if self.screenshots:
                    browser.screenshot(os.path.join(self.screenshots, f"{name}-{NAMES[size]}-{scheme}.png"))
        browser.resize(before)
        browser.colours("light")

    def verdict(self):
        """What was found since the last time."""
        found, self.findings = self.findings, {}
        return "".join(f"\n  {finding}\n    {'; '.join(places)}" for finding, places in found.items())

    def axe(self, browser):
        browser.driver.set_script_timeout(60)
        if not browser.driver.execute_script("return typeof axe == 'object'"):
            browser.driver.execute_script(self.source)
        return browser.driver.execute_async_script(AXE)

    def sideways(self, browser):
        """Nothing is wider than the window, except inside of something that scrolls by itself."""
        # Not `innerWidth`: a phone zooms out for what is too wide, and that grows with it.
        wide = browser.driver.execute_script("""
            const page = document.scrollingElement, width = arguments[0];
            if (page.scrollWidth <= width) return null;
            const out = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1);
            return page.scrollWidth + " pixels wide: " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" | ");""",
            browser.size[0])
        return [f"scrolls sideways, {wide}"] if wide else []
