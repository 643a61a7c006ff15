"""Opens a report in headless Chromium over its debugging pipe, and prints as JSON what a reader would meet.

    python3 tests/browser.py prepare             makes an environment with pypdf, prints its python; exits with 3 where that
                                                 is not possible or no Chromium is there, and says why
    PYTHON tests/browser.py open FILE [FOLDER]   prints console messages, widths, markup and pages; FOLDER gets pictures and
                                                 the PDF

The environment is made once, outside the project: in $TRAILQ_BROWSER, else in the user's cache.
"""

import base64
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from python_environment import prepare

REQUIREMENTS = ["pypdf>=5,<7"]
NAMES = ["chromium", "chromium-browser", "google-chrome"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
]
# Width, height and whether the screen is that of a phone.
SCREENS = {"desktop": (1280, 900, False), "phone": (390, 844, True)}

# The printable width of A4 in CSS pixels: 18 cm.
PAPER_WIDTH = 680


def program():
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Browser:
    """A Chromium process. Messages are JSON that ends with a zero byte, on its descriptors 3 and 4."""

    def __init__(self, profile):
        commands, self.to_browser = os.pipe()
        self.from_browser, answers = os.pipe()

        def descriptors():
            # Copies above 10 first: a pipe may be descriptor 3 or 4 itself.
            low, high = os.dup2(commands, 13), os.dup2(answers, 14)
            os.dup2(low, 3), os.dup2(high, 4)

        self.process = subprocess.Popen(
            [program(), *FLAGS, f"--user-data-dir={profile}", "about:blank"], preexec_fn=descriptors, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(commands), os.close(answers)
        self.number, self.rest, self.events = 0, b"", []

    def read(self):
        while b"\0" not in self.rest:
            part = os.read(self.from_browser, 1 << 16)
            if not part:
                sys.exit("the browser ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.read())

    def end(self):
        """Kills the browser with its helper processes, which write to the profile until they end."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def messages(self):
        """Takes the texts of what was written to the console or opened as a dialog."""
        taken, self.events = self.events, []
        found = []
        for event in taken:
            params = event.get("params", {})
            match event.get("method"):
                case "Log.entryAdded":
                    found.append(params["entry"]["text"])
                case "Runtime.consoleAPICalled":
                    found.append(str([value.get("value") for value in params["args"]]))
                case "Runtime.exceptionThrown":
                    found.append(params["exceptionDetails"]["text"])
                case "Page.javascriptDialogOpening":
                    found.append(f"dialog: {params['message']}")
        return found


# Sorts the first sortable table by its first column, twice.
SORT = """(() => {
  const button = document.querySelector("table.sortable th button");
  button.click();
  const once = button.parentElement.getAttribute("aria-sort");
  button.click();
  return [once, button.parentElement.getAttribute("aria-sort")];
})()"""
# The width of each column of the confirmed events.
COLUMN_WIDTHS = """Object.fromEntries(Array.from(document.querySelectorAll("#events th")).map(
  column => [column.innerText.trim(), column.offsetWidth]))"""
# Adds a script as hostile markup would, which the policy has to stop.
INJECT = """(() => {
  const script = document.createElement("script");
  script.textContent = "window.injected = true";
  document.body.append(script);
  return window.injected === true;
})()"""


def look(browser, file, folder):
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def ask(method, **params):
        return browser.ask(method, session, **params)

    def value(script):
        return ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    for domain in ["Page", "Runtime", "Log"]:
        ask(f"{domain}.enable")
    browser.events = []
    ask("Page.navigate", url=pathlib.Path(file).resolve().as_uri())
    browser.wait("Page.loadEventFired")
    found = {"overflow": {}, "console": None}
    for name, (width, height, mobile) in SCREENS.items():
        ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        found["overflow"][name] = value("document.documentElement.scrollWidth - window.innerWidth")
        for scheme in ["light", "dark"]:
            ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            found.setdefault("background", {})[scheme] = value("getComputedStyle(document.body).backgroundColor")
            if folder:
                picture = ask("Page.captureScreenshot", captureBeyondViewport=False)["data"]
                (folder / f"{name}-{scheme}.png").write_bytes(base64.b64decode(picture))
    # A4 without its margins.
    ask("Emulation.setDeviceMetricsOverride", width=PAPER_WIDTH, height=1000, deviceScaleFactor=1, mobile=False)
    ask("Emulation.setEmulatedMedia", media="print")
    found["overflow"]["paper"] = value("document.documentElement.scrollWidth - window.innerWidth")
    found["column_widths"] = value(COLUMN_WIDTHS)
    ask("Emulation.setEmulatedMedia", media="")
    ask("Emulation.clearDeviceMetricsOverride")
    found["sorted"] = value(SORT)
    found["text"] = value("document.body.innerText")
    for what in ["script", "img", "iframe", "[onerror]", "[onload]", "svg", "a[href^='javascript']"]:
        found.setdefault("elements", {})[what] = value(f"document.querySelectorAll({json.dumps(what)}).length")
    found["console"] = browser.messages()
    found["injected"] = value(INJECT)
    found["refused"] = browser.messages()
    data = base64.b64decode(ask("Page.printToPDF", preferCSSPageSize=True)["data"])
    if folder:
        (folder / "report.pdf").write_bytes(data)
    from pypdf import PdfReader

    found["pages"] = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    return found


def main_open(file, folder):
    # A helper process in a group of its own may still write to the profile while it is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            found = look(browser, file, folder)
        finally:
            browser.end()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            if not program():
                print("no Chromium", file=sys.stderr)
                sys.exit(3)
            sys.exit(prepare("browser", REQUIREMENTS, "pypdf"))
        case ["open", file]:
            sys.exit(main_open(file, None))
        case ["open", file, folder]:
            pathlib.Path(folder).mkdir(exist_ok=True)
            sys.exit(main_open(file, pathlib.Path(folder)))
        case _:
            sys.exit(__doc__)
