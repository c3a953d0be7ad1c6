"""The pages of messages, after the playground has made some."""

from scenarios import playground
from scenarios.playground import MARKUP, NAME, choose, must_not_have_run, on_the_phone, reply, write


def listing(browser, stage, judge):
    """Each message is in the list, and what a customer calls himself and writes is only text there"""
    browser.open(stage.admin)
    browser.press("Messages", within="header")
    browser.heading("Messages")
    judge.look(browser, "messages")
    must_not_have_run(browser)
    browser.fill("Text", MARKUP)
    browser.press("Search")
    browser.wait("the one found", lambda: [browser.words(row) for row in browser.all("#messages li .said")] == [MARKUP])
    must_not_have_run(browser)
    browser.leave(lambda: browser.click("#messages li a", NAME))
    browser.one("h1", NAME)
    browser.one("#message .words", MARKUP)
    judge.look(browser, "message")
    must_not_have_run(browser)


def finding_nothing(browser, stage, judge):
    """Where nothing matches, the page says so and leads back"""
    browser.open(stage.admin + "/messages?text=nobody+wrote+this")
    browser.one("h2", "Nothing matches")
    judge.look(browser, "messages-nothing")
    browser.press("Clear the filter")
    browser.one("#messages li")


def dead_letter(browser, stage, judge):
    """A reply that can't be delivered is told to the agent, is seen as dead, and arrives when it is tried again"""
    customer = stage.customers()["Marco Rossi"]
    browser.open(stage.playground)
    browser.wait("customers", lambda: browser.all("#phone-customer option"))
    choose(browser, customer)
    write(browser, "I am leaving")
    playground.look_into(browser, "Marco Rossi")
    playground.on_the_desk(browser, "I am leaving")
    stage.control("POST", f"/viber/customers/{stage.path(customer)}/unsubscribe")
    reply(browser, "Please come back")
    browser.one("#desk-messages .note")
    browser.open(stage.admin + "/messages?state=dead")
    browser.one("#messages li", "Please come back")
    judge.look(browser, "messages-dead")
    browser.leave(lambda: browser.click("#messages li a"))
    browser.one(".badge", "Dead")
    browser.one("ol.way li", "Attempt 1")
    judge.look(browser, "message-dead")
    letter = browser.driver.current_url
    browser.open(stage.admin)
    judge.look(browser, "overview-dead")
    stage.control("POST", f"/viber/customers/{stage.path(customer)}/resubscribe")
    browser.open(letter)
    browser.press("Try again now…")
    judge.look(browser, "message-decide")
    browser.press("Try again now")
    browser.one(".note.good", "tried again")
    # By itself, where scripts run.
    browser.one(".badge", "Delivered")
    judge.look(browser, "message-delivered")
    browser.open(stage.playground)
    browser.wait("customers", lambda: browser.all("#phone-customer option"))
    choose(browser, customer)
    on_the_phone(browser, "Please come back")


def overview(browser, stage, judge):
    """The overview shows what went on, and that nothing waits"""
    browser.open(stage.admin)
    browser.heading("Overview")
    browser.one(".figures figure")
    judge.look(browser, "overview")


def doctor(browser, stage, judge):
    """The doctor's page says how all of it is"""
    browser.open(stage.admin)
    browser.press("Doctor", within="header")
    browser.heading("Doctor")
    judge.look(browser, "doctor")
    browser.press("Look now")
    # Of this installation, too, and with its name.
    browser.one(".note[role=status]")
    browser.one("section.card h2 a")
    judge.look(browser, "doctor-found")


SCENARIOS = [listing, finding_nothing, dead_letter, overview, doctor]
