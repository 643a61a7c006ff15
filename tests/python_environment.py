"""Makes environments with Python packages for tests, outside the project."""

import os
import pathlib
import subprocess
import sys

UNAVAILABLE = 3


def prepare(name, requirements, packages):
    """Makes the environment `name` once, prints its python, and returns an exit code: UNAVAILABLE where that is not possible.

    The folder is $TRAILQ_NAME, else in the user's cache. `packages` names the requirements in the message of a failure.
    """
    named = os.environ.get("TRAILQ_" + name.replace("-", "_").upper())
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(named or os.path.join(cache, "trailq", name))
    python = folder / "bin" / "python"
    stamp = folder / "requirements"
    if not (stamp.exists() and stamp.read_text() == "\n".join(requirements)):
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                last = (done.stdout.strip() or "no message").splitlines()[-1]
                print(f"{packages} cannot be installed: {last}", file=sys.stderr)
                return UNAVAILABLE
        stamp.write_text("\n".join(requirements))
    print(python)
    return 0
