"""Renders Markdown with markdown-it-py, and checks that its blocks are apart and that every table is one.

    python3 tests/markdown.py prepare        makes an environment with the renderer, prints its python; exits with 3 where
                                             that is not possible, and says why
    PYTHON tests/markdown.py check FILE      prints the number of headings, tables and rows

The environment is made once, outside the project: in $TRAILQ_MARKDOWN, else in the user's cache.
"""

import pathlib
import re
import sys

from python_environment import prepare

REQUIREMENTS = ["markdown-it-py>=3,<5"]


def check(path):
    from markdown_it import MarkdownIt

    text = pathlib.Path(path).read_text(encoding="utf-8")
    lines = text.splitlines()
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    tables = [token for token in tokens if token.type == "table_open"]
    rules = [line for line in lines if re.fullmatch(r"\|( --- \|)+", line)]
    assert len(tables) == len(rules), f"{len(rules)} tables are written and {len(tables)} rendered"
    inside = set()
    for table in tables:
        first, end = table.map
        inside.update(range(first, end))
        columns = lines[first + 1].count("---")
        assert all(line.startswith("| ") for line in lines[first:end]), f"line {first + 1}: another block joins the table"
        assert end == len(lines) or not lines[end].strip(), f"line {end + 1} is not apart from the table"
        assert first == 0 or not lines[first - 1].strip(), f"line {first + 1}: the table is not apart"
        cells = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in lines[first:end]]
        assert set(cells) == {columns}, f"line {first + 1}: rows of {sorted(set(cells))} cells"
    outside = [number for number, line in enumerate(lines) if line.startswith("|") and number not in inside]
    assert not outside, f"line {outside[0] + 1} is not in a table"
    html = [token for token in tokens if token.type == "html_block"]
    assert not html, f"HTML: {html[0].content}"
    headings = sum(token.type == "heading_open" for token in tokens)
    rows = sum(token.type == "tr_open" for token in tokens) - len(tables)
    print(headings, len(tables), rows)
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepare"]:
            sys.exit(prepare("markdown", REQUIREMENTS, "markdown-it-py"))
        case ["check", file]:
            sys.exit(check(file))
        case _:
            sys.exit(__doc__)
