"""The settings pages, from the first sign-in to the removal. In order: each goes on where the one before has ended."""

import json

from scenarios.connecting import (
    address, choose_topic, fill_freshchat, fill_viber, give_key, reloads_without_notice, remove, sign_in)


def signing_in(browser, stage, judge):
    """A wrong password is told beside the field, and the right one opens the pages"""
    browser.open(stage.admin + "/installations")
    browser.heading("Sign in")
    judge.look(browser, "sign-in")
    browser.fill("Admin password", "not the password")
    browser.press("Sign in")
    browser.one("#password-problem", "Wrong password.")
    assert browser.labelled("Admin password").get_attribute("value") == "", "the password came back in the page"
    judge.look(browser, "sign-in-wrong")
    browser.fill("Admin password", stage.password)
    browser.press("Sign in")
    browser.heading("Installations")
    judge.look(browser, "installations-empty")
    cookies = browser.driver.get_cookies()
    assert cookies and all(cookie["httpOnly"] and cookie["sameSite"] in ("Lax", "Strict") for cookie in cookies), cookies


def empty_pages(browser, stage, judge):
    """Before anything is connected every page says what to do next"""
    for label in [link.text for link in browser.all("header nav a")]:
        browser.press(label, within="header")
        browser.one("h1")
        judge.look(browser, f"{label.lower()}-empty")


def connecting(browser, stage, judge):
    """Viber is connected to the sandbox by hand, with the mistakes told beside their fields"""
    browser.open(stage.admin + "/installations")
    browser.press("Connect a channel")
    browser.heading("Connect a channel")
    judge.look(browser, "connect-choose")
    browser.press("Connect Viber")
    browser.heading("Your Viber account")
    judge.look(browser, "connect-channel")
    fill_viber(browser, stage, token="4f2a1c7d9e8b6a50-0000000000000000-0000000000000000")
    browser.press("Continue")
    wrong = browser.one(".field.wrong .problem")
    assert browser.labelled("Authentication token").get_attribute("aria-describedby").split()[-1] == wrong.get_attribute("id")
    judge.look(browser, "connect-channel-wrong")
    fill_viber(browser, stage)
    browser.press("Continue")
    browser.heading("Your Freshchat account")
    judge.look(browser, "connect-freshchat")
    fill_freshchat(browser, stage, token="nobody's")
    browser.press("Continue")
    browser.one(".field.wrong .problem")
    judge.look(browser, "connect-freshchat-wrong")
    fill_freshchat(browser, stage)
    browser.press("Continue")
    browser.heading("Choose a topic")
    judge.look(browser, "connect-topic")
    choose_topic(browser, stage)
    browser.press("Connect")
    browser.one(".note.good", "Connected.")
    judge.look(browser, "installation-to-finish")
    assert stage.about["viber"]["token"] not in browser.driver.page_source, "a secret is in the page"
    give_key(browser, stage)
    judge.look(browser, "installation")


def copying(browser, stage, judge):
    """The copy buttons put the URLs on the clipboard"""
    browser.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    shown = stage.byoc("show", stage.byoc("installations")[0]["id"])
    for label, key in [("Target URL", "targetURL"), ("Freshchat webhook URL", "freshchatWebhookURL")]:
        assert address(browser, label) == shown[key]
        browser.click("button", f"Copy {label}")
        browser.one("button", "Copied")
        text = browser.driver.execute_async_script(
            "const done = arguments[0]; navigator.clipboard.readText().then(done, e => done('failed: ' + e));")
        assert text == shown[key], text
        browser.one("button", f"Copy {label}")


def testing(browser, stage, judge):
    """A test message goes the whole way, with its timeline shown"""
    open_installation(browser, stage)
    browser.press("Send test message")
    judge.look(browser, "test")
    browser.press("Send test message")
    browser.one("#way", "Posted")
    judge.look(browser, "test-sent")
    stage.until("The test in Freshchat", lambda: any(
        "This is a test" in text for text in stage.texts_in_freshchat()))


def pausing(browser, stage, judge):
    """While paused, a customer's message waits and says why; resumed, it is sent"""
    open_installation(browser, stage)
    browser.press("Pause installation")
    browser.one(".note.good", "Paused. New messages are queued.")
    judge.look(browser, "installation-paused")
    reloads_without_notice(browser)
    customer = stage.customer("Petro")
    stage.writes(customer, "while it is paused")
    stage.until("The message in the outbox", lambda: any(row["state"] == "waiting" for row in stage.byoc("outbox")))
    assert "while it is paused" not in stage.texts_in_freshchat()
    browser.open(stage.admin + "/messages?state=waiting")
    browser.one("#messages tbody tr", "The installation is paused: view installation.")
    judge.look(browser, "messages-paused")
    browser.leave(lambda: browser.click("#messages .foot a", "view installation"))
    browser.press("Resume installation")
    browser.one(".note.good", "Resumed.")
    stage.until("The message in Freshchat", lambda: "while it is paused" in stage.texts_in_freshchat())


def changing(browser, stage, judge):
    """Its name and settings are edited, and it moves to another topic, where the next customer's message goes"""
    open_installation(browser, stage)
    browser.press("Edit settings")
    browser.heading("Edit settings")
    judge.look(browser, "settings")
    browser.fill("Name", "Sales desk")
    browser.fill("Freshchat text limit", "12")
    browser.press("Save settings")
    browser.one(".field.wrong .problem", "It must be a whole number")
    judge.look(browser, "settings-wrong")
    browser.fill("Freshchat text limit", "2000")
    browser.press("Save settings")
    browser.one(".note.good", "Settings saved.")
    browser.heading("Sales desk")
    judge.look(browser, "settings-saved")
    reloads_without_notice(browser)
    browser.press("Move to another topic")
    browser.heading("Move Sales desk")
    judge.look(browser, "move")
    topic = stage.about["freshchat"]["topics"][1]
    browser.click("label", topic["name"])
    browser.press("Move installation")
    browser.one(".note.good", "Moved.")
    browser.one(".facts", topic["name"])
    customer = stage.customer("Marta")
    stage.writes(customer, "after the move")
    stage.until("The message in Freshchat", lambda: "after the move" in stage.texts_in_freshchat())
    conversations = stage.control("GET", "/freshchat/conversations")
    assert any(topic["id"] in json.dumps(conversation) for conversation in conversations), "no conversation on the topic"


def replacing(browser, stage, judge):
    """A token that Freshchat takes no more pauses the installation; with the new one what has waited goes on"""
    stage.control("PUT", "/freshchat/token", {"token": "another-sandbox-token"})
    customer = stage.customer("Iryna")
    stage.writes(customer, "under the old token")
    stage.until("The pause", lambda: stage.byoc("installations")[0]["state"] == "paused")
    open_installation(browser, stage)
    judge.look(browser, "installation-refused")
    browser.press("Replace: Freshchat API token")
    judge.look(browser, "credential")
    browser.fill("Freshchat API token", "still-wrong")
    browser.press("Verify and save")
    browser.one(".field.wrong .problem")
    judge.look(browser, "credential-wrong")
    browser.fill("Freshchat API token", "another-sandbox-token")
    browser.press("Verify and save")
    browser.one(".note.good", "Credential verified and saved.")
    stage.about["freshchat"]["token"] = "another-sandbox-token"
    stage.until("The message in Freshchat", lambda: "under the old token" in stage.texts_in_freshchat())
    assert "another-sandbox-token" not in browser.driver.page_source, "a secret is in the page"


def checking(browser, stage, judge):
    """Live checks find nothing wrong, and what passed is folded"""
    open_installation(browser, stage)
    browser.press("Run live checks")
    browser.one("#health ~ *, section", "Checked just now.")
    judge.look(browser, "installation-asked")
    badges = [browser.words(badge) for badge in browser.all(".checks .badge")]
    assert badges and not set(badges) & {"Failed", "Action needed"}, badges
    assert not browser.driver.find_element("css selector", ".passed .checks").is_displayed(), "what passed is open"
    browser.click(".passed summary")
    browser.one(".passed .checks", "Viber calls this installation.")


def silent_webhook(browser, stage, judge):
    """When another integration takes Freshchat's webhook, the pages say that replies arrive late, and what to do"""
    stage.control("PUT", "/freshchat/webhook", {"url": ""})
    customer = stage.customer("Taras")
    texts = [f"nothing echoes this: {number}" for number in range(1, 4)]
    for text in texts:
        stage.writes(customer, text)
    stage.until("The messages in Freshchat", lambda: set(texts) <= set(stage.texts_in_freshchat()))
    stage.until("The end of their deliveries", lambda: not stage.byoc("outbox"))
    stage.age_posts(minutes=11)
    open_installation(browser, stage)
    browser.one(".checks li", "Freshchat's webhooks have stopped arriving, so replies arrive late. Last webhook:")
    browser.one(".checks a", "Set up the Freshchat webhook")
    judge.look(browser, "installation-silent")
    browser.click(".checks a", "Set up the Freshchat webhook")
    url = address(browser, "Freshchat webhook URL")
    browser.open(stage.admin)
    # A worker raises the alarm by itself, and the page shows it by itself.
    browser.one("#alarms li", "No webhooks from Freshchat: replies arrive late")
    judge.look(browser, "overview-silent")
    browser.leave(lambda: browser.click("#alarms a", "View webhook URL"))
    browser.one("#addresses")
    stage.control("PUT", "/freshchat/webhook", {"url": url})
    stage.writes(customer, "and this comes back")
    browser.open(stage.admin)
    browser.one("#alarms", "Nothing needs attention.")
    open_installation(browser, stage)
    assert "replies arrive late" not in browser.text(), "the installation's page still complains"


def removing(browser, stage, judge):
    """Removed, the installation is gone from the pages, and Viber has no webhook"""
    open_installation(browser, stage)
    browser.press("Remove installation")
    browser.heading("Remove ")
    judge.look(browser, "remove")
    browser.driver.back()
    remove(browser, stage)
    judge.look(browser, "installations-removed")
    reloads_without_notice(browser)
    assert stage.control("GET", "/viber/webhook")["url"] == ""


def signing_out(browser, stage, judge):
    """Signed out, the pages ask for the password again, and what was shown is not shown by the way back"""
    browser.open(stage.admin + "/installations")
    browser.press("Sign out", within="header")
    browser.heading("Sign in")
    browser.driver.back()
    browser.heading("Sign in")
    sign_in(browser, stage)


def open_installation(browser, stage):
    browser.open(stage.admin + "/installations")
    browser.leave(lambda: browser.click(".tiles a"))
    browser.one("#credentials")


SCENARIOS = [
    signing_in, empty_pages, connecting, copying, testing, pausing, checking, silent_webhook, changing, replacing,
    removing, signing_out]
