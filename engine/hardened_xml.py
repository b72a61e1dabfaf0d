"""Reading XML that strangers wrote: no DOCTYPE, no entities, no network, and limits on size, nodes and depth."""

from __future__ import annotations

from lxml import etree

MAX_BYTES = 2 * 1024 * 1024
MAX_ELEMENTS = 40_000
"""All elements of a file. A BPMN file has about eight per drawn node, with its diagram."""
MAX_DEPTH = 100


class XmlRefused(Exception):
    """``code`` names the reason for :mod:`engine.findings`; ``line`` where it was found."""

    def __init__(self, code: str, line: int | None = None, **facts: object) -> None:
        super().__init__(code)
        self.code, self.line, self.facts = code, line, facts


def parse_xml(content: bytes) -> etree._Element:
    """The root element of ``content``. Raises XmlRefused."""
    if len(content) > MAX_BYTES:
        raise XmlRefused("xml_too_large", allowed=MAX_BYTES)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        raise XmlRefused("xml_malformed", line, reason=str(problem)[:200]) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("xml_doctype", 1)
    _check_shape(root)
    return root


def _check_shape(root: etree._Element) -> None:
    level, depth, count = [root], 0, 0
    while level:
        depth += 1
        count += len(level)
        if count > MAX_ELEMENTS:
            raise XmlRefused("xml_too_many", allowed=MAX_ELEMENTS)
        if depth > MAX_DEPTH:
            raise XmlRefused("xml_too_deep", line_of(level[0]), allowed=MAX_DEPTH)
        level = [child for element in level for child in element]


def local_name(element: etree._Element) -> str:
    """The tag without its namespace."""
    return etree.QName(element).localname


def namespace(element: etree._Element) -> str:
    """The namespace of the tag, or the empty text."""
    return etree.QName(element).namespace or ""


def line_of(element: etree._Element) -> int | None:
    """The line the element begins on."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # the stubs say "..."
    return line
