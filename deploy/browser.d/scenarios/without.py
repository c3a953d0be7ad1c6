"""Without scripts, and without a mouse."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from scenarios.connecting import connect, give_key, reloads_without_notice, remove, sign_in


def scripts(browser, stage, judge):
    """With scripts switched off an admin signs in, connects, and removes"""
    browser.open("data:text/html,<h1>off</h1><script>document.querySelector('h1').textContent = 'on'</script>")
    browser.heading("off")
    sign_in(browser, stage)
    connect(browser, stage)
    give_key(browser, stage)
    reloads_without_notice(browser)
    assert not [button for button in browser.all("button[data-copy]") if button.is_displayed()], "a button does nothing"
    customer = stage.customer("Without scripts")
    stage.writes(customer, "no script was needed")
    stage.until("The message in Freshchat", lambda: "no script was needed" in stage.texts_in_freshchat())
    browser.open(stage.admin + "/messages")
    time = browser.one("#messages tbody tr", "no script was needed").find_element("css selector", "time")
    assert browser.words(time).endswith(" UTC"), browser.words(time)
    browser.open(stage.admin + "/installations")
    browser.leave(lambda: browser.click(".tiles a"))
    remove(browser, stage)
    browser.press("Sign out", within="header")
    browser.heading("Sign in")


def mouse(browser, stage, judge):
    """By keyboard alone an admin signs in and connects, and always sees the focus"""
    keys = Keyboard(browser)
    browser.open(stage.admin)
    browser.heading("Sign in")
    keys.go("Admin password").type(stage.password)
    keys.leave(lambda: keys.press(Keys.ENTER))
    # Past the navigation at one stroke.
    keys.press(Keys.TAB)
    assert keys.name() == "Skip to content", keys.name()
    keys.press(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "main"
    keys.follow("Installations", back=True)
    browser.heading("Installations")
    keys.follow("Connect a channel")
    keys.follow("Connect Viber")
    browser.heading("Your Viber account")
    keys.go("Authentication token").type(stage.about["viber"]["token"])
    keys.go("More settings").press(Keys.ENTER)
    keys.go("API address").press(Keys.CONTROL + "a").type(stage.about["viber"]["url"])
    keys.follow("Continue")
    browser.heading("Your Freshchat account")
    keys.go("Freshchat API address").press(Keys.CONTROL + "a").type(stage.about["freshchat"]["url"])
    keys.go("Freshchat API token").type(stage.about["freshchat"]["token"])
    keys.follow("Continue")
    browser.heading("Choose a topic")
    keys.go(stage.about["freshchat"]["topics"][0]["name"]).press(Keys.SPACE)
    keys.follow("Connect Viber")
    browser.one(".note.good", "Connected.")
    stage.byoc("uninstall", "--yes", "--now", stage.byoc("installations")[0]["id"])


class Keyboard:
    """What somebody does who has no mouse."""

    def __init__(self, browser):
        self.browser = browser

    def press(self, key):
        chain = ActionChains(self.browser.driver)
        if len(key) == 2 and key[0] == Keys.CONTROL:
            chain.key_down(Keys.CONTROL).send_keys(key[1]).key_up(Keys.CONTROL)
        else:
            chain.send_keys(key)
        chain.perform()
        return self

    def type(self, text):
        return self.press(text)

    def name(self):
        """What a screen reader would call the thing that has the focus."""
        # The browser puts spaces around what is a box of its own.
        return self.browser.driver.switch_to.active_element.accessible_name.replace(" :", ":")

    def go(self, name, back=False):
        """By the tab key to what is called so."""
        seen = []
        while len(seen) < 80:
            if self.name().startswith(name):
                self.must_be_seen(name)
                return self
            chain = ActionChains(self.browser.driver)
            if back:
                chain.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT)
            else:
                chain.send_keys(Keys.TAB)
            chain.perform()
            seen.append(self.name())
        raise AssertionError(f"the tab key doesn't lead to “{name}”, but to {seen}")

    def must_be_seen(self, name):
        style = self.browser.driver.execute_script("""
            const element = document.activeElement, style = getComputedStyle(element);
            const label = element.closest("label") && getComputedStyle(element.closest("label"));
            return [style, label].filter(Boolean).map(s => s.outlineStyle + " " + s.outlineWidth + " " + s.boxShadow).join("; ");""")
        assert any(not part.strip().startswith("none") or not part.endswith(" none") for part in style.split("; ")), (
            f"nothing shows that “{name}” has the focus: {style}")

    def leave(self, act):
        self.browser.leave(act)

    def follow(self, name, back=False):
        self.go(name, back)
        self.leave(lambda: self.press(Keys.ENTER))
