"""Check built pages: internal links and anchors exist, and no page requests anything from another host."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

REQUESTED = {
    "script": "src",
    "img": "src",
    "source": "srcset",
    "iframe": "src",
    "video": "src",
    "audio": "src",
}
"""Element -> attribute whose URL a browser requests without a click; `link` is treated apart."""

NOT_REQUESTED = {"canonical", "alternate", "next", "prev", "license", "author"}
"""Values of `rel` that a browser does not request."""

FOREIGN_CSS = re.compile(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')\s]+)")


class Page(HTMLParser):
    """Ids, link targets and requested URLs of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.requests: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and not set(values.get("rel", "").split()) & NOT_REQUESTED:
            self.requests.append(values.get("href", ""))
        if tag in REQUESTED and REQUESTED[tag] in values:
            self.requests.append(values[REQUESTED[tag]])


def problems(folder: Path) -> list[str]:
    """Return one line per broken link, missing anchor or request to another host."""
    pages = {file: Page(file.read_text("utf-8")) for file in sorted(folder.rglob("*.html"))}
    found: list[str] = []
    for file, page in pages.items():
        if file.name == "404.html":  # its links are absolute, below the site's address
            continue
        for link in [*page.links, *page.requests]:
            if problem := _problem(link, file, pages):
                found.append(f"{file.relative_to(folder)}: {problem}: {link}")
        found += [
            f"{file.relative_to(folder)}: requests another host: {url}"
            for url in page.requests
            if urlsplit(url).netloc
        ]
    return found + list(_css(folder))


def _problem(link: str, file: Path, pages: dict[Path, Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    if not parts.fragment or target not in pages or parts.fragment.startswith("__"):
        return ""
    return "" if unquote(parts.fragment) in pages[target].ids else "no such anchor"


def _css(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.css")):
        for url in FOREIGN_CSS.findall(file.read_text("utf-8")):
            yield f"{file.relative_to(folder)}: requests another host: {url}"
