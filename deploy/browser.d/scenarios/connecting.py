"""The steps of connecting Viber, as several scenarios take them."""


def fill_viber(browser, stage, token=None):
    """On the page of the channel's account."""
    if not browser.all("details[open]"):
        browser.click("summary", "More settings")
    browser.fill("API address", stage.about["viber"]["url"])
    browser.fill("Authentication token", token or stage.about["viber"]["token"])


def fill_freshchat(browser, stage, token=None):
    """On the page of Freshchat's account."""
    browser.fill("Freshchat API address", stage.about["freshchat"]["url"])
    browser.fill("Freshchat API token", token or stage.about["freshchat"]["token"])


def choose_topic(browser, stage):
    browser.click("label", stage.about["freshchat"]["topics"][0]["name"])


def connect(browser, stage):
    """From the page of installations to the connected installation's page, all of it right."""
    browser.open(stage.admin + "/installations")
    browser.press("Connect a channel")
    browser.press("Connect Viber")
    browser.heading("Your Viber account")
    fill_viber(browser, stage)
    browser.press("Continue")
    browser.heading("Your Freshchat account")
    fill_freshchat(browser, stage)
    browser.press("Continue")
    browser.heading("Choose a topic")
    choose_topic(browser, stage)
    browser.press("Connect")
    browser.one(".note.good", "Connected.")


def ready(browser, stage, judge):
    """Connected and with its key, an installation has nothing left to do"""
    sign_in(browser, stage)
    connect(browser, stage)
    give_key(browser, stage)


def reloads_without_notice(browser):
    """A notice is shown once: loading the page again doesn't show it again."""
    browser.leave(lambda: browser.driver.refresh())
    browser.one("h1")
    assert not browser.all(".note.good"), "the notice came back when the page was loaded again"


def give_key(browser, stage):
    """Freshchat's webhook: its URL goes to Freshchat, its key comes from there."""
    stage.control("PUT", "/freshchat/webhook", {"url": address(browser, "Freshchat webhook URL")})
    browser.press("Enter public key")
    browser.fill("Freshchat's webhook public key", stage.about["freshchat"]["webhookPublicKey"])
    browser.press("Verify and save")
    browser.one(".note.good", "Credential verified and saved.")


def address(browser, label):
    """What stands in a field that is there to be copied."""
    return browser.one(f'input[aria-label="{label}"]').get_attribute("value")


def sign_in(browser, stage, password=None):
    browser.open(stage.admin)
    browser.heading("Sign in")
    browser.fill("Admin password", password or stage.password)
    browser.press("Sign in")


def remove(browser, stage):
    """From the installation's page."""
    browser.press("Remove installation")
    browser.heading("Remove ")
    browser.press("Remove installation")
    browser.one(".note.good", "Installation removed")
