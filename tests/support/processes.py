"""The shipped processes as tests read them: files to deploy, drawings as boxes and lines, forms as documents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from app import formkit

ROOT = Path(__file__).parents[2]
PROCESSES = sorted(file.stem for file in (ROOT / "processes").glob("*.bpmn"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"

Point = tuple[float, float]


@cache
def files_of(key: str) -> dict[str, bytes]:
    """What is deployed together: the process, all decision tables, its translations and forms."""
    processes, forms = ROOT / "processes", ROOT / "forms"
    found = [processes / f"{key}.bpmn", *processes.glob("*.dmn"), *processes.glob(f"{key}.*.json")]
    names = {file.name: file.read_bytes() for file in found}
    return names | {f"{key}/{file.name}": file.read_bytes() for file in (forms / key).glob("*.json")}


@cache
def tree(key: str) -> etree._Element:
    """The BPMN file."""
    return etree.fromstring((ROOT / "processes" / f"{key}.bpmn").read_bytes())


@cache
def form(key: str, name: str) -> formkit.FormDocument:
    """A form document, as deployed."""
    return formkit.parse((ROOT / "forms" / key / f"{name}.json").read_bytes())


@dataclass(frozen=True)
class Box:
    """A drawn element."""

    id: str
    type: str
    left: float
    top: float
    right: float
    bottom: float

    def inside(self, other: Box) -> bool:
        """Whether this box lies within ``other``."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )

    def meets(self, other: Box) -> bool:
        """Whether the boxes have an area in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True)
class Line:
    """A drawn sequence flow."""

    id: str
    source: str
    target: str
    points: tuple[Point, ...]

    def segments(self) -> list[tuple[Point, Point]]:
        """Its straight pieces."""
        return list(zip(self.points, self.points[1:], strict=False))


@cache
def boxes(key: str) -> dict[str, Box]:
    """Every drawn shape by the id of its element."""
    types = {element.get("id"): etree.QName(element).localname for element in tree(key).iter(f"{BPMN}*")}
    found = {}
    for shape in tree(key).iter(f"{DI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        assert bounds is not None
        x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
        name = shape.get("bpmnElement", "")
        found[name] = Box(name, types[name], x, y, x + width, y + height)
    return found


@cache
def labels(key: str) -> dict[str, Box]:
    """Where the texts beside shapes and flows stand."""
    found = {}
    for label in tree(key).iter(f"{DI}BPMNLabel"):
        bounds, owner = label.find(f"{DC}Bounds"), label.getparent()
        assert bounds is not None
        assert owner is not None
        x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
        name = owner.get("bpmnElement", "")
        found[name] = Box(name, "label", x, y, x + width, y + height)
    return found


@cache
def lines(key: str) -> list[Line]:
    """Every drawn sequence flow."""
    flows = {flow.get("id"): flow for flow in tree(key).iter(f"{BPMN}sequenceFlow")}
    found = []
    for edge in tree(key).iter(f"{DI}BPMNEdge"):
        flow = flows[edge.get("bpmnElement")]
        points = tuple((float(p.get("x", "0")), float(p.get("y", "0"))) for p in edge.iter(f"{DD}waypoint"))
        found.append(Line(flow.get("id", ""), flow.get("sourceRef", ""), flow.get("targetRef", ""), points))
    return found
