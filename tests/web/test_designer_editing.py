"""Which editor a file of a draft opens in, and for whom."""

from __future__ import annotations

from tests.conftest import SignIn
from tests.support.workshop import Designer

OWNER, COLLEAGUE = "shi.lei", "lin.wanqing"


def test_every_file_of_a_draft_has_its_editor(sign_in: SignIn) -> None:
    designer = Designer(sign_in(OWNER))
    draft = designer.open("complaint")
    process = designer.get(f"/drafts/{draft}/edit/complaint.bpmn").text
    assert 'data-editor="bpmn"' in process
    assert f'data-file-url="/designer/drafts/{draft}/files/complaint.bpmn"' in process
    assert f'data-english-url="/designer/drafts/{draft}/files/complaint.en.json"' in process
    assert 'data-editor="dmn"' in designer.get(f"/drafts/{draft}/edit/service_level.dmn").text
    names = designer.get(f"/drafts/{draft}/edit/complaint.en.json")
    assert names.location == f"/designer/drafts/{draft}/edit/complaint.bpmn", "names belong to elements"


def test_what_is_not_in_the_draft_has_no_editor(sign_in: SignIn) -> None:
    designer = Designer(sign_in(OWNER))
    draft = designer.open("complaint")
    for name in ("other.bpmn", "other.dmn", "other.en.json", "..%2Fsecret", "notes.txt"):
        assert designer.get(f"/drafts/{draft}/edit/{name}").status_code == 404, name
    assert designer.get("/drafts/999/edit/complaint.bpmn").status_code == 404


def test_a_colleague_reads_a_draft_and_does_not_change_it(sign_in: SignIn) -> None:
    draft = Designer(sign_in(OWNER)).open("complaint")
    page = sign_in(COLLEAGUE).get(f"/designer/drafts/{draft}/edit/complaint.bpmn").text
    assert 'data-readonly="yes"' in page
    assert "This draft belongs to Lei Shi" in page
    assert 'data-do="undo"' not in page
