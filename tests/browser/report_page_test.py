"""The HTML report as a browser shows it: does one page answer what people ask of it?

Skipped, saying so, where Chromium is missing: deploy/packages-browser.txt has it, `.ci/run` installs
that. With ROLLCALL_PICTURES=FOLDER the pages are left there as PNG files, to be looked at.
"""
import os
import re
import sys
import unittest

import chromium
import pages

WIDTHS = (1280, 375)
# Words that a column broke because nothing kept it from becoming narrower than they are.
BROKEN_WORDS = """Array.from(document.querySelectorAll('th, .tag.st, code.soft')).filter(one => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const lines = new Set(Array.from(range.getClientRects()).map(r => Math.round(r.top)));
  return lines.size > one.textContent.trim().split(/\\s+/).length;
}).map(one => one.textContent)"""
WIDER = """Array.from(document.querySelectorAll('body *')).filter(
  one => one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(one).clipPath == 'none'
    && !one.closest('thead')).map(one => one.outerHTML.slice(0, 120))"""
SHOWN_ROWS = """Array.from(document.querySelectorAll('tbody tr')).filter(
  one => one.getClientRects().length > 0).map(one => one.textContent)"""


def setUpModule():
    if not chromium.PROGRAM:
        raise unittest.SkipTest("chromium is missing: deploy/install-packages "
                                "deploy/packages-browser.txt")


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = pages.Pages()
        cls.addClassCleanup(cls.made.stack.close)
        cls.browser = chromium.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, path, width=1280, **options):
        self.browser.open(path, width, **options)
        return self.browser.js("document.body.innerText")

    def section(self, anchor):
        """A section's text as it is shown; fails where the page has none."""
        text = self.browser.js(f"(document.getElementById('{anchor}') || {{}}).innerText")
        self.assertIsNotNone(text, f"no section {anchor}")
        return text

    def row_of(self, anchor, key):
        rows = self.browser.js(f"Array.from(document.querySelectorAll('#{anchor} tbody tr'))"
                               ".map(one => one.innerText)")
        found = [row for row in rows if key in row]
        self.assertTrue(found, f"{key} is not in {anchor}: {rows}")
        return found[0]

    def both(self):
        return (("plan", self.made.plan), ("run", self.made.finished))

    # --- what the page answers ---

    def test_a_page_says_which_org_configuration_and_as_of_when(self):
        for name, path in self.both():
            with self.subTest(page=name):
                text = self.open(path)
                facts = self.browser.js("Object.fromEntries(Array.from(document.querySelectorAll("
                                        "'.facts div')).map(one => [one.children[0].innerText,"
                                        " one.children[1].innerText]))")
                self.assertEqual(self.made.stack.sim.base_url, facts["Org"])
                self.assertRegex(facts["Configuration"], r"^sha256:[0-9a-f]{64}$")
                self.assertRegex(facts["Plan"], r"^sha256:[0-9a-f]{64}$")
                self.assertRegex(facts["As of"], r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC$")
                self.assertIn("demo", text.split("Org")[0])
                self.assertIn(facts["As of"], self.browser.js("document.title"))

    def test_a_plan_says_that_nothing_was_changed_and_until_when_it_counts(self):
        text = self.open(self.made.plan)
        self.assertIn("nothing has been changed", text)
        self.assertRegex(text, r"Valid until\s+\d{4}-")
        self.assertRegex(text, r"Sealed\s+in the journal; it can be applied")

    def test_who_gains_and_loses_access_and_why(self):
        self.open(self.made.plan)
        leaver = self.row_of("loses", "10100")
        self.assertIn("deactivate", leaver)
        self.assertIn("leaver", leaver)
        self.assertIn("users.terminated", leaver)
        self.assertIn("from hr", leaver)
        joiner = self.row_of("gains", "10380")
        self.assertIn("create the account", joiner)
        self.assertIn("add to the group dept-", joiner)
        self.assertIn("joiner", joiner)
        self.open(self.made.finished)
        mover = self.row_of("loses", "10210")
        self.assertIn("remove from the group", mover)
        self.assertIn("mover", mover)
        self.assertRegex(self.row_of("changes", "10210"), r"department \S.* → \S")

    def test_who_is_held_and_since_when(self):
        text = self.open(self.made.finished)
        row = self.row_of("held", self.made.admin)
        self.assertIn("suspend", row)
        self.assertRegex(row, r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
        self.assertTrue(text.startswith("NOT CONTAINED"), "who can still get in comes first")
        self.assertIn(self.made.admin, text.split("Run ")[0])

    def test_what_failed_and_with_which_request(self):
        self.open(self.made.finished)
        row = self.row_of("problems", "failed")
        self.assertIn("okta.request_refused", row)
        self.assertRegex(row, r"[0-9a-f]{32}")
        self.assertIn("blocked", self.section("problems"))
        self.assertIn("record.ragged", self.section("findings"))

    def test_what_cannot_be_undone(self):
        for name, path in self.both():
            with self.subTest(page=name):
                self.open(path)
                self.assertIn("user.create", self.section("undo"))
                self.assertIn("user.clear_sessions", self.section("undo"))

    # --- how it is shown ---

    def test_the_page_asks_nothing_of_a_network_and_complains_of_nothing(self):
        for name, path in self.both():
            for width in WIDTHS:
                with self.subTest(page=name, width=width):
                    self.open(path, width)
                    self.assertEqual(["file://" + path], self.browser.requests())
                    self.assertEqual([], self.browser.complaints())
                    with open(path) as text:
                        self.assertEqual([], re.findall(r"(?:src|href)=\"(?!#)[^\"]*", text.read()))

    def test_nothing_is_wider_than_the_window(self):
        for name, path in self.both():
            for width in (*WIDTHS, 700):
                with self.subTest(page=name, width=width):
                    self.open(path, width)
                    self.picture(f"{name}-{width}")
                    self.assertEqual(width, self.browser.js("innerWidth"))
                    self.assertLessEqual(
                        self.browser.js("document.documentElement.scrollWidth"), width)
                    self.assertEqual([], self.browser.js(WIDER))

    def test_no_column_breaks_a_word_where_there_is_room(self):
        for name, path in self.both():
            with self.subTest(page=name):
                self.open(path)
                self.assertEqual([], self.browser.js(BROKEN_WORDS))

    def test_each_link_leads_to_a_section_and_each_section_has_a_link(self):
        self.open(self.made.finished)
        links = self.browser.js("Array.from(document.querySelectorAll('nav a'))"
                                ".map(one => one.getAttribute('href').slice(1))")
        sections = self.browser.js("Array.from(document.querySelectorAll('section[id]'))"
                                   ".map(one => one.id)")
        self.assertEqual(links, sections)
        for anchor in links:
            self.browser.js(f"document.querySelector('nav a[href=\"#{anchor}\"]').click()")
            self.assertEqual("#" + anchor, self.browser.js("location.hash"))
            top = self.browser.js(f"document.getElementById('{anchor}').getBoundingClientRect().top")
            self.assertLess(top, self.browser.js("innerHeight"), anchor)

    def test_the_filter_leaves_the_rows_that_match_at_every_width(self):
        for width in WIDTHS:
            with self.subTest(width=width):
                self.open(self.made.finished, width)
                every = self.browser.js(SHOWN_ROWS)
                self.type("10210")
                left = self.browser.js(SHOWN_ROWS)
                self.assertEqual([row for row in every if "10210" in row], left)
                self.assertTrue(left)
                self.type("")
                self.assertEqual(every, self.browser.js(SHOWN_ROWS))
                self.assertEqual([], self.browser.complaints())

    def test_without_script_everything_is_there(self):
        path = self.made.finished
        self.open(path)
        every = self.browser.js(SHOWN_ROWS)
        self.browser.open(path, 1280, script=False)
        self.assertEqual(every, self.browser.js(SHOWN_ROWS))
        self.assertEqual(0, self.browser.js("document.querySelectorAll('input').length"))

    def test_dark_and_light_can_both_be_read(self):
        seen = set()
        for dark in (False, True):
            self.open(self.made.finished, dark=dark)
            self.picture("run-dark" if dark else "run-light")
            ink, ground = (self.luminance(self.browser.js(
                f"getComputedStyle(document.body).{one}")) for one in ("color", "backgroundColor"))
            self.assertGreater((max(ink, ground) + .05) / (min(ink, ground) + .05), 7)
            seen.add(ground > ink)
        self.assertEqual({True, False}, seen)

    def type(self, text):
        self.browser.js(f"(i => {{ i.value = '{text}'; i.dispatchEvent(new Event('input')); }})"
                        "(document.querySelector('nav input'))")

    @staticmethod
    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= .04045 else ((p + .055) / 1.055) ** 2.4 for p in parts]
        return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]

    def picture(self, name):
        folder = os.environ.get("ROLLCALL_PICTURES")
        if folder:
            self.browser.picture(os.path.join(folder, name + ".png"))


if __name__ == "__main__":
    sys.exit(unittest.main())
