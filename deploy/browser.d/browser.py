"""Chromium by chromedriver, watched: nothing may leave this machine, and no page may complain of anything."""

import base64
import json
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# Seconds until a condition that doesn't come about is a failure. Nothing waits for time to pass.
PATIENCE = 30

DESK, PHONE, NARROW = (1280, 900), (390, 844), (320, 640)


def is_stale(error):
    """Whether an element was asked for whose page is no more. While a page is being replaced chromedriver passes on what
    Chromium says, as an unknown error."""
    return isinstance(error, StaleElementReferenceException) or "does not belong to the document" in (error.msg or "")


class Browser:
    """One Chromium with a profile of its own. To be used in a `with`."""

    def __init__(self, work, headed=False, scripts=True):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in [
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-GB",
            # Names lead nowhere: who tries to leave fails, and is found in the log besides.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            # In a container there is neither the user nor the namespaces for it, and only our own pages are looked at.
            "--no-sandbox",
        ]:
            options.add_argument(argument)
        if not headed:
            options.add_argument("--headless=new")
        preferences = {
            # Otherwise it asks whether to keep passwords, where keys are to go to the page.
            "credentials_enable_service": False, "profile.password_manager_enabled": False,
            "profile.password_manager_leak_detection": False,
        }
        if not scripts:
            preferences["profile.managed_default_content_settings.javascript"] = 2
        options.add_experimental_option("prefs", preferences)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.scripts = scripts
        self.driver = webdriver.Chrome(
            service=Service("/usr/bin/chromedriver", log_path=f"{work}/chromedriver.log"), options=options)
        self.driver.set_page_load_timeout(PATIENCE)
        self.requests, self.complaints = [], []
        self.resize(DESK)
        self.colours("light")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    # What the page looks like.

    def resize(self, size):
        """A window is never as narrow as a phone, but what the page is told is."""
        self.size = size
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                     mobile=size != DESK)

    def colours(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def screenshot(self, path, whole=True):
        """The whole page, however long it is."""
        data = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    # Finding and acting, each with its wait.

    def open(self, url):
        self.driver.get(url)

    def wait(self, what, condition):
        """Until the condition returns something true, which is returned."""
        def attempt(_):
            try:
                return condition()
            except WebDriverException as error:
                if is_stale(error):
                    return None
                raise
        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(attempt, f"{what} never came")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, text=None):
        """The first element that is shown and has the text in it."""
        def look():
            for element in self.all(selector):
                if element.is_displayed() and (text is None or text in self.words(element)):
                    return element
            return None
        return self.wait(f"{selector}{f' with “{text}”' if text else ''}", look)

    @staticmethod
    def words(element):
        """All of its text, with what only screen readers are told."""
        return " ".join(element.get_attribute("textContent").split())

    def labelled(self, label):
        """The field that this label is for: what a person would fill in."""
        return self.driver.find_element(By.ID, self.one("label", label).get_attribute("for"))

    def fill(self, label, value):
        field = self.labelled(label)
        field.clear()
        field.send_keys(value)

    def click(self, selector, text=None):
        """Clicks on the first that is shown and has the text in it. One that the page replaces meanwhile is looked for
        again: who is told that an element is no more has not clicked on it."""
        def attempt():
            self.one(selector, text).click()
            return True
        self.wait(f"a click on {selector}", attempt)

    def press(self, text, within="main"):
        """The button or link with this text; and the page that comes of it is awaited where it leads to one."""
        self.leave(lambda: self.click(f"{within} button, {within} a", text))

    def leave(self, act):
        """Does what brings another page, and waits for that."""
        before = self.document()
        act()
        self.wait("the next page", lambda: self.document() != before)
        self.one("body")

    def document(self):
        """What Chromium calls the page that is loaded, and another one differently. An element of the old page is no sign:
        chromedriver has several answers for one whose page is going, and not all of them say so."""
        return self.command("Page.getFrameTree")["frameTree"]["frame"]["loaderId"]

    def heading(self, text):
        """Waits for the page with this heading."""
        return self.one("h1", text)

    def text(self):
        return self.one("body").text

    # What the browser did meanwhile.

    def collect(self):
        """Reads on in the browser's own logs."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self.requests.append(message["params"]["url"])
        self.complaints += [
            entry["message"] for entry in self.driver.get_log("browser")
            # A refusal that a scenario asked for.
            if entry["level"] in ("SEVERE", "WARNING") and "the server responded with a status of 4" not in entry["message"]]

    def strangers(self):
        """What was asked for elsewhere than on this machine."""
        self.collect()
        return [
            url for url in self.requests
            if urlsplit(url).scheme not in ("data", "blob", "about") and urlsplit(url).hostname != "127.0.0.1"]
