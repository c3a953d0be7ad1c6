"""Runs the scenarios, for deploy/browser-test. The last line is `browser scenarios=N failed=F pages=P`."""

import argparse
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from browser import Browser
from judge import Judge
from stage import Stage
from scenarios import connecting, messages, playground, settings, without


class Run:
    def __init__(self, options):
        self.options = options
        self.stage = Stage(options.stage)
        self.judge = Judge(options.axe, options.screenshots)
        self.count = self.failed = 0

    def play(self, scenarios, scripts=True):
        """Each goes on where the one before has ended, so the first that fails ends its row."""
        self.stage.clear()
        with Browser(self.stage.work, self.options.headed, scripts) as browser:
            for index, scenario in enumerate(scenarios):
                self.count += 1
                started = time.monotonic()
                try:
                    scenario(browser, self.stage, self.judge)
                    self.must_be_quiet(browser)
                except Exception as error:
                    self.failed += 1
                    self.report(scenario, browser, error)
                    if index + 1 < len(scenarios):
                        print(f"  so {len(scenarios) - index - 1} that go on from there were left out")
                    return
                found = self.judge.verdict()
                self.failed += bool(found)
                print(f"{'✘' if found else '✔'} {scenario.__doc__} ({time.monotonic() - started:.1f} s){found}", flush=True)

    @staticmethod
    def must_be_quiet(browser):
        strangers = browser.strangers()
        assert not strangers, f"left this machine: {strangers}"
        complaints, browser.complaints = browser.complaints, []
        assert not complaints, f"the browser complains: {complaints}"

    def report(self, scenario, browser, error):
        picture = os.path.join(self.stage.work, f"failed-{scenario.__name__}")
        print(f"✘ {scenario.__doc__}: {getattr(error, 'msg', None) or error}{self.judge.verdict()}")
        for frame in traceback.extract_tb(error.__traceback__):
            if os.sep + "scenarios" + os.sep in frame.filename:
                print(f"  {os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}")
        try:
            browser.screenshot(picture + ".png")
            with open(picture + ".html", "w") as file:
                file.write(browser.driver.page_source)
            print(f"  at {browser.driver.current_url}; the page: {picture}.png, {picture}.html", flush=True)
        except Exception as another:
            print(f"  and there is no picture of it: {another}", flush=True)


# Each begins with nothing connected and a browser of its own.
ROWS = {
    "settings": settings.SCENARIOS,
    "playground": [connecting.ready, *playground.SCENARIOS, *messages.SCENARIOS],
    "scripts": [without.scripts],
    "keyboard": [without.mouse],
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stage")
    parser.add_argument("--axe", required=True)
    parser.add_argument("--headed", action="store_true")
    parser.add_argument("--screenshots")
    parser.add_argument("--row", action="append", choices=ROWS)
    options = parser.parse_args()
    run = Run(options)
    for row in options.row or ROWS:
        run.play(ROWS[row], scripts=row != "scripts")
    print(f"browser scenarios={run.count} failed={run.failed} pages={len(run.judge.pages)}")
    sys.exit(run.failed > 0)


main()
