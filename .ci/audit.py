"""Known vulnerabilities of all that CI installs: one that has a fix fails CI; a database that cannot be asked does not.

python .ci/audit.py              whether the database can be asked at all; says so where it cannot, and ends with 1
python .ci/audit.py PIP_AUDIT    the program pip-audit, in an environment of its own
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

ASKED = "https://pypi.org/pypi/pip/24.0/json"  # what it says of one release that surely is there
LOCK = Path(__file__).with_name("requirements.lock")


def locked(text: str) -> list[str]:
    """The lock's packages with their releases, without what a build adds to its number: torch==2.13.0 for 2.13.0+cpu."""
    return re.findall(r"^[\w.-]+==[^\s+]+", text, re.M)


def judged(report: dict[str, Any]) -> tuple[bool, str]:
    """Whether CI may go on, and what is to be said."""
    known = report["dependencies"]
    asked = [one for one in known if "skip_reason" not in one]
    if not asked:
        return True, f"Not audited: the database knows none of the {len(known)} packages here."
    found = [(one, flaw) for one in asked for flaw in one["vulns"]]
    lines = [f"{len(asked)} of {len(known)} packages audited, {len(found)} known vulnerabilities."]
    for one, flaw in found:
        fix = ", ".join(flaw["fix_versions"]) or "no release yet"
        lines.append(f"{one['name']} {one['version']}: {flaw['id']}, mended by {fix}")
    return not any(flaw["fix_versions"] for _, flaw in found), "\n".join(lines)


def answers(address: str = ASKED) -> bool:
    """Whether the database says anything there; prints why not."""
    try:
        with urlopen(address, timeout=20) as reply:
            json.load(reply)
    except (OSError, ValueError) as error:
        print(f"Not audited: {address} does not answer ({error}).")
        return False
    return True


def main(program: str) -> int:
    with TemporaryDirectory() as folder:
        names, report = Path(folder, "names.txt"), Path(folder, "report.json")
        names.write_text("\n".join(locked(LOCK.read_text("utf-8"))), "utf-8")
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json", "-o", str(report)]
        if not Path(program).exists():
            print("Not audited: pip-audit could not be installed.")
            return 0
        ran = subprocess.run([program, *options, "-r", str(names)], capture_output=True, text=True, check=False)
        if not report.exists():  # it ends so where the network is closed
            print("Not audited:", *ran.stderr.splitlines()[-1:])
            return 0
        fine, words = judged(json.loads(report.read_text("utf-8")))
    print(words)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if sys.argv[1:] else not answers())
