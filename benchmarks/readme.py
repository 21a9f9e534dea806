"""Where the figures are kept for people: the sections of benchmarks/README.md."""

import re
from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"


def put(readme: Path, section: str, text: str) -> None:
    """Replace what stands between the section's markers; ValueError without them."""
    start, end = f"<!-- {section} -->\n", f"<!-- end of {section} -->"
    whole = readme.read_text()
    if start not in whole or end not in whole:
        raise ValueError(f"{readme} has no section {section}")
    pattern = re.escape(start) + ".*?" + re.escape(end)
    readme.write_text(re.sub(pattern, lambda _: f"{start}{text}\n{end}", whole, flags=re.DOTALL))
