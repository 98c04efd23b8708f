#!/usr/bin/env python3
"""The page in a real Chromium without a window. SCREENSHOTS names a folder that pictures of it are put into."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

sys.dont_write_bytecode = True
from world import PASSWORD, World, header  # noqa: E402


def chromium(folder):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--window-size=1280,1180", "--disable-dev-shm-usage", "--disable-gpu",
                     "--lang=en-GB", f"--user-data-dir={folder}"):
        options.add_argument(argument)
    if os.getuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own needs another user than root
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        # Processes of the browser may still write there for a moment when it has ended.
        folder = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.browser = chromium(folder.name)
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.set_window_size(1280, 1180)
        self.browser.get(self.world.url)
        self.wait(lambda: self.browser.execute_script("return document.documentElement.dataset.ready"))

    def tearDown(self):
        # A page that breaks its policy or its script says so here; statuses like 401 are said by "network".
        told = [entry for entry in self.browser.get_log("browser") if entry["source"] != "network"]
        self.assertEqual(told, [])

    def wait(self, condition):
        return WebDriverWait(self.browser, 60).until(lambda _: condition())

    def element(self, id):
        return self.browser.find_element(By.ID, id)

    def text(self, id):
        return self.element(id).text

    def shoot(self, name):
        if folder := os.environ.get("SCREENSHOTS"):
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(f"{folder}/{name}.png")

    def fill(self, **fields):
        for id, value in fields.items():
            self.element(id).clear()
            self.element(id).send_keys(value)
        self.element("submit").click()

    def register(self, name):
        self.fill(userName=name, email=f"{name}@example.com", password=PASSWORD)
        self.await_verdict("Accepted")

    def await_verdict(self, verdict):
        self.wait(lambda: self.text("verdict").startswith(verdict) or verdict in self.text("verdict"))

    def badges(self):
        # At one moment: the list is made anew at each change.
        return self.browser.execute_script(
            "return [...document.querySelectorAll('#tokens .badge')].map((badge) => badge.textContent)")

    def rows(self, id):
        return dict(self.browser.execute_script(
            "return [...document.querySelectorAll(`#${arguments[0]} tr`)].map((row) => "
            "[row.cells[0].innerText, row.cells[1].innerText])", id))

    def test_registration_takes_the_token_apart(self):
        self.shoot("empty")
        self.register("ada")
        head, claims = self.rows("header-rows"), self.rows("claims-rows")
        self.assertIn("HS512", head["alg"])
        self.assertIn(next(iter(self.world.jwks())), head["kid"])
        self.assertIn("ada@example.com", claims["email"])
        self.assertIn("https://auth.example.com", claims["iss"])
        self.assertIn("in 6 days", claims["exp"])
        self.assertIn("user", claims["roles"])
        self.assertEqual(len(self.text("raw").split(".")), 3)
        self.assertEqual(header(self.text("raw"))["alg"], "HS512")
        self.assertEqual(self.badges(), ["accepted"])

        self.element("admin").click()
        self.wait(lambda: "403" in self.text("admin-answer"))
        self.element("tamper").click()
        self.await_verdict("Refused: bad signature")
        self.shoot("forged")

    def test_each_wrong_field_says_what_is_wrong(self):
        self.fill(userName="a b", email="nobody", password="short")
        self.wait(lambda: self.text("password-error"))
        self.assertIn("3 to 32 letters", self.text("userName-error"))
        self.assertIn("no e-mail address", self.text("email-error"))
        self.assertIn("at least 12", self.text("password-error"))
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("id"), "userName")
        self.shoot("errors")
        self.element("tab-login").click()
        self.fill(userName="nobody", password=PASSWORD)
        self.wait(lambda: "No user has this name and this password" in self.text("form-error"))

    def test_the_old_token_outlives_the_key_change(self):
        self.register("grace")
        old = header(self.text("raw"))["kid"]
        # As it stands on the page, in a shell.
        subprocess.run(self.text("rotate-command"), shell=True, check=True, capture_output=True)
        new, = set(self.world.jwks()) - {old}
        self.world.login_with(new, "grace")
        self.element("check").click()
        self.wait(lambda: self.text("said") == "All tokens were checked.")
        self.assertEqual(self.badges(), ["accepted"])
        self.fill(password=PASSWORD)  # the form has turned to logging in
        self.wait(lambda: self.badges() == ["accepted", "accepted"])
        self.assertEqual(header(self.text("raw"))["kid"], new)
        self.shoot("rotated")

        self.world.signet("key", "revoke", "--", old)
        self.world.hang_up()
        self.element("check").click()
        self.wait(lambda: self.badges() == ["accepted", "revoked"])
        self.shoot("revoked")

    def test_without_the_daemon_the_page_says_so(self):
        self.register("mary")
        self.world.daemon.stop()
        try:
            self.element("check").click()
            self.await_verdict("Nobody can tell now")
            self.assertIn("Try again in", self.text("verdict"))
        finally:
            self.world.start_daemon()
        self.element("check").click()
        self.await_verdict("Accepted")

    def test_the_keyboard_alone_will_do(self):
        body = self.browser.find_element(By.TAG_NAME, "body")
        body.send_keys(Keys.TAB, Keys.TAB)  # over the link that skips the head
        def focused():
            return self.browser.switch_to.active_element
        self.assertEqual(focused().get_attribute("id"), "tab-register")
        focused().send_keys(Keys.ARROW_RIGHT)
        self.assertEqual(focused().get_attribute("id"), "tab-login")
        self.assertFalse(self.element("email").is_displayed())
        focused().send_keys(Keys.ARROW_LEFT)
        for text in ("joan", "joan@example.com", PASSWORD):
            focused().send_keys(Keys.TAB)
            focused().send_keys(text)
        focused().send_keys(Keys.ENTER)
        self.await_verdict("Accepted")

    def test_narrow_screens_and_readers(self):
        self.register("edith")
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 390, "height": 1400, "deviceScaleFactor": 1, "mobile": True})
        try:
            width = self.browser.execute_script("return document.documentElement.scrollWidth")
            self.assertLessEqual(width, 390)
            self.shoot("narrow")
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        # What a reader would read: everything that one can use has a name.
        nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        usable = [node for node in nodes if not node["ignored"]
                  and node["role"]["value"] in ("button", "textbox", "tab", "link", "tabpanel", "form")]
        self.assertGreater(len(usable), 8)
        for node in usable:
            self.assertTrue(node["name"]["value"], node)
        # Text is dark enough on what lies under it (WCAG 2.2, 1.4.3), in both schemes.
        for scheme in ("light", "dark"):
            self.browser.execute_cdp_cmd(
                "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            poor = self.browser.execute_script(POOR_CONTRAST)
            self.assertEqual(poor, [], scheme)
            self.shoot(scheme)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


POOR_CONTRAST = """
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n[3] ?? 1 }; };
const light = (rgb) => { const [r, g, b] = rgb.map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; };
const under = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a) return c.rgb; } };
const found = [];
for (const e of document.querySelectorAll("body *")) {
  const words = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!words || !e.checkVisibility() || e.closest("[disabled], .visually-hidden, noscript, .sign")) continue;
  const [a, b] = [light(parse(getComputedStyle(e).color).rgb), light(under(e))].sort((x, y) => y - x);
  const contrast = (a + .05) / (b + .05);
  if (contrast < 4.5) found.push(`${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`);
}
return found;
"""


if __name__ == "__main__":
    unittest.main(verbosity=2)
