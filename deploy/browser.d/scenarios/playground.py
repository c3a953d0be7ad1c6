"""The playground: a phone on the left, an agent's desk on the right, real workers between them."""

from browser import DESK, PHONE

MARKUP = """<img src=x onerror="window.ran=1"><script>window.ran=1</script>"""
OLENA = "Olena Kovalenko"
NAME = """<b onmouseover="window.ran=1">Bobby</b>"""


def opening(browser, stage, judge):
    """The playground opens with nothing said yet"""
    browser.open(stage.playground)
    browser.one("#phone-customer option, #phone-customer")
    browser.wait("customers", lambda: browser.all("#phone-customer option"))
    # What other scenarios had sent without a phone counts as doubled there.
    stage.doubled = doubled(browser)
    judge.look(browser, "playground-empty")


def conversing(browser, stage, judge):
    """A conversation goes both ways, emoji too, and an agent's private note stays on the desk"""
    choose(browser, stage.customers()[OLENA])
    write(browser, "Is my parcel on its way? ", emoji=["Wave", "Family"])
    look_into(browser, OLENA)
    on_the_desk(browser, "Is my parcel on its way? 👋👩‍👩‍👧‍👦")
    reply(browser, "It is out for delivery. ", emoji=["Parcel"])
    on_the_phone(browser, "It is out for delivery. 📦")
    browser.click("label[for=desk-kind-note]")
    reply(browser, "A regular customer")
    browser.one("#desk-messages .note", "A regular customer")
    browser.click("label[for=desk-kind-reply]")
    reply(browser, "Anything else?")
    on_the_phone(browser, "Anything else?")
    assert "A regular customer" not in texts(browser, "#phone-messages"), "the note is on the phone"
    browser.one("#ways li", "Is my parcel on its way?")
    nothing_lost(browser, stage)
    judge.look(browser, "playground")
    for panel in ("bridge", "desk"):
        browser.resize(PHONE)
        browser.click(f"#tab-{panel}")
        browser.one(f"#panel-{panel}")
        judge.look(browser, f"playground-{panel}")
    browser.click("#tab-phone")
    browser.resize(DESK)


def picturing(browser, stage, judge):
    """Pictures go over as links to them"""
    before = len(browser.all("#desk-messages .theirs"))
    browser.click("#phone-picture")
    browser.wait("the picture on the desk", lambda: len(browser.all("#desk-messages .theirs")) > before)


def repeating(browser, stage, judge):
    """A webhook that comes twice is relayed once"""
    write(browser, "said once")
    on_the_desk(browser, "said once")
    browser.click("#phone-repeat")
    write(browser, "and then this")
    on_the_desk(browser, "and then this")
    browser.one("#ways li", "1 duplicate ignored")
    assert texts(browser, "#desk-messages").count("said once") == 1


def killing(browser, stage, judge):
    """A worker that is killed in the middle loses nothing: all arrives, once and in order"""
    sent = [f"before and after the kill: {number}" for number in range(1, 13)]
    before = workers(browser)
    for number, text in enumerate(sent):
        write(browser, text)
        if number in (3, 7):
            browser.click("#trouble-kill")
    for text in sent:
        on_the_desk(browser, text)
    for text in ("answer 1", "answer 2"):
        reply(browser, text)
        on_the_phone(browser, text)
    arrived = [text for text in texts(browser, "#desk-messages") if text in sent]
    assert arrived == sent, arrived
    browser.wait("new workers", lambda: len(workers(browser)) == 2 and workers(browser) != before)
    colours = [worker.get_attribute("class").split()[1] for worker in browser.all("#workers li:not(.dead)")]
    assert len(set(colours)) == len(colours), f"workers share a colour: {colours}"
    nothing_lost(browser, stage)


def troubling(browser, stage, judge):
    """While a far side is away its messages wait, and go on when it is back"""
    switch(browser, "trouble-freshchat")
    write(browser, "while Freshchat is busy")
    browser.one("#verdict", "under way")
    judge.look(browser, "playground-trouble")
    switch(browser, "trouble-freshchat")
    on_the_desk(browser, "while Freshchat is busy")
    switch(browser, "trouble-viber")
    reply(browser, "while Viber is down")
    browser.one("#verdict", "under way")
    switch(browser, "trouble-viber")
    on_the_phone(browser, "while Viber is down")
    nothing_lost(browser, stage)


def markup(browser, stage, judge):
    """HTML in a customer's name and text is shown as text, and no script of it runs"""
    customer = stage.customer(NAME)
    # The page learns of somebody new with the next thing that happens; this is nothing that happens to anybody.
    browser.open(stage.playground)
    browser.wait("the customer", lambda: any(NAME == browser.words(o) for o in browser.all("#phone-customer option")))
    choose(browser, customer)
    write(browser, MARKUP)
    look_into(browser, NAME)
    on_the_desk(browser, MARKUP)
    # Freshchat gives HTML of agents, which becomes plain text on the way; what only looks like it stays.
    reply(browser, "5 < 6 & <3")
    on_the_phone(browser, "5 < 6 & <3")
    browser.one("#desk-name", NAME)
    must_not_have_run(browser)


def connecting_help(browser, stage, judge):
    """The values that the settings pages need are shown beside the playground"""
    browser.click("#connect-open")
    browser.one("#connect-title")
    judge.look(browser, "playground-connect")
    browser.click("#connect-close")


def must_not_have_run(browser):
    ran = browser.driver.execute_script(
        "return window.ran || document.querySelector('img[src=x], b[onmouseover]')?.outerHTML")
    assert not ran, f"a customer's HTML is in the page: {ran}"


def choose(browser, customer):
    browser.click(f'#phone-customer option[value="{customer}"]')


def look_into(browser, name):
    """The agent opens this customer's conversation."""
    browser.click("#desk-conversations button", name)
    browser.one("#desk-name", name)


def write(browser, text, emoji=()):
    compose(browser, "phone", text, emoji)


def reply(browser, text, emoji=()):
    browser.wait("the conversation", lambda: browser.one("#desk-text").is_enabled())
    compose(browser, "desk", text, emoji)


def compose(browser, side, text, emoji):
    field = browser.one(f"#{side}-text")
    field.send_keys(text)
    for name in emoji:
        browser.click(f'#{side}-form .emoji button[aria-label="{name}"]')
    browser.click(f"#{side}-send")
    browser.wait("the empty field", lambda: field.get_attribute("value") == "")


def nothing_lost(browser, stage):
    """All that was written has arrived, and at the desk no more than that."""
    browser.one("#verdict", "Nothing lost")
    assert doubled(browser) == stage.doubled, browser.words(browser.one(".tally"))


def doubled(browser):
    return browser.words(browser.one("#tally-inbound [data-figure=doubled]"))


def texts(browser, chat):
    return [browser.words(element) for element in browser.all(f"{chat} .bubble p")]


def on_the_desk(browser, text):
    browser.one("#desk-messages .theirs", text)


def on_the_phone(browser, text):
    browser.one("#phone-messages .theirs", text)


def workers(browser):
    return {browser.words(worker) for worker in browser.all("#workers li")}


def switch(browser, name):
    """A switch is hidden behind what is drawn for it."""
    box = browser.driver.find_element("id", name)
    before = box.is_selected()
    browser.driver.execute_script("arguments[0].closest('label').scrollIntoView({block: 'center'})", box)
    browser.click(f"label:has(#{name})")
    browser.wait("the switch", lambda: box.is_selected() != before)


SCENARIOS = [opening, conversing, picturing, repeating, killing, troubling, markup, connecting_help]
