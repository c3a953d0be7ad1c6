"""The pages of messages, after the playground has made some."""

from scenarios import playground
from scenarios.connecting import reloads_without_notice
from scenarios.playground import MARKUP, NAME, choose, must_not_have_run, on_the_phone, reply, write


def listing(browser, stage, judge):
    """Each message is in the list, and customers' names and texts are only text there"""
    browser.open(stage.admin)
    browser.press("Messages", within="header")
    browser.heading("Messages")
    judge.look(browser, "messages")
    must_not_have_run(browser)
    browser.fill("Text", MARKUP)
    browser.press("Search")
    browser.wait("the one found", lambda: [browser.words(row) for row in browser.all("#messages tbody tr .said")] == [MARKUP])
    must_not_have_run(browser)
    browser.leave(lambda: browser.click("#messages tbody a", NAME))
    browser.one("h1", NAME)
    browser.one("#message .words", MARKUP)
    judge.look(browser, "message")
    must_not_have_run(browser)


def finding_nothing(browser, stage, judge):
    """Where nothing matches, the page says so and leads back"""
    browser.open(stage.admin + "/messages?text=nobody+wrote+this")
    browser.one("h2", "No matching messages")
    judge.look(browser, "messages-nothing")
    browser.press("Clear filters")
    browser.one("#messages tbody tr")


def dead_letter(browser, stage, judge):
    """A reply that can't be delivered leaves a note, is shown as failed, and arrives when it is retried"""
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
    browser.one("#verdict", "1 failed")
    browser.one("#tally-outbound .bad", "1 failed")
    browser.one("#ways .way[data-state=dead] .chip", "failed")
    judge.look(browser, "playground-failed")
    browser.open(stage.admin + "/messages?state=dead")
    browser.one("#messages tbody tr", "Please come back")
    judge.look(browser, "messages-dead")
    browser.leave(lambda: browser.click("#messages tbody a"))
    browser.one(".badge", "Failed")
    browser.one(".lead", "The customer has left Viber: retrying won't help until they write again.")
    browser.one("ol.way li", "Attempt 1")
    judge.look(browser, "message-dead")
    letter = browser.driver.current_url
    browser.open(stage.admin)
    browser.one("#alarms li", "1 message couldn't be delivered")
    judge.look(browser, "overview-dead")
    stage.control("POST", f"/viber/customers/{stage.path(customer)}/resubscribe")
    # Another reply overtakes the failed one.
    browser.open(stage.playground)
    browser.wait("customers", lambda: browser.all("#phone-customer option"))
    choose(browser, customer)
    playground.look_into(browser, "Marco Rossi")
    reply(browser, "We miss you")
    on_the_phone(browser, "We miss you")
    browser.open(letter)
    browser.one("#decide ~ .rows li", "Retries now, out of order,")
    browser.press("Retry message")
    browser.heading("Retry message")
    judge.look(browser, "message-decide")
    browser.press("Retry message")
    browser.one(".note.good", "Retry requested")
    # By itself, where scripts run.
    browser.one(".badge", "Delivered")
    browser.one(".badge", "Out of order")
    browser.one("ol.way li", "Retry requested")
    browser.one("ol.way li", "On these pages, from 127.0.0.1.")
    judge.look(browser, "message-delivered")
    browser.open(stage.admin + "/messages")
    browser.one("#messages tbody tr .foot", "Out of order")
    judge.look(browser, "messages-late")
    browser.open(letter)
    reloads_without_notice(browser)
    browser.open(stage.playground)
    browser.wait("customers", lambda: browser.all("#phone-customer option"))
    choose(browser, customer)
    on_the_phone(browser, "Please come back")
    browser.one("#verdict", "Nothing lost")


def overview(browser, stage, judge):
    """The overview shows the last hour of each direction"""
    browser.open(stage.admin)
    browser.heading("Overview")
    browser.one(".figures figure")
    judge.look(browser, "overview")


def doctor(browser, stage, judge):
    """The doctor's page checks the server and this installation"""
    browser.open(stage.admin)
    browser.press("Doctor", within="header")
    browser.heading("Doctor")
    judge.look(browser, "doctor")
    browser.press("Run checks")
    # Of this installation, too, and with its name.
    browser.one(".note[role=status]")
    browser.one("section.card h2 a")
    judge.look(browser, "doctor-found")


SCENARIOS = [listing, finding_nothing, dead_letter, overview, doctor]
