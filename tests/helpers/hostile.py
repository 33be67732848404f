"""Words that a stranger may write: each would do something if it were read as Markdown, HTML or a directive of Streamlit's."""

from __future__ import annotations

HOST = "pwn.invalid"  # of the picture that no browser may ask for
HOSTILE = (
    f"![pwn](http://{HOST}/a.png)",
    r"$\rule{5000px}{5000px}$ pwn",
    ":material/bug_report: pwn",
    ":red[pwn] :gray-badge[pwn]",
    "[pwn](javascript:alert(1))",
    "`pwn` **pwn** ~~pwn~~ __pwn__",
    "<script>pwn()</script>",
    f"<img src=http://{HOST}/b.png>pwn",
    ":smile: :+1: pwn",
    "# pwn",
    "- pwn -> pwn -- pwn",
    "1. pwn",
    "> pwn | pwn | pwn",
    f"http://{HOST} www.{HOST} pwn@{HOST}",
    "&lt;b&gt;pwn&#58;",
    "pwn\n\n# pwn\n---\n```\npwn",
    "pwn\x00\ud800\u202e\x1b[31m pwn",
)
EVERYTHING = " ".join(HOSTILE)
