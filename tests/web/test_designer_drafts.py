"""A designer's drafts: three ways to begin, saving while somebody else saves, and files that are no good."""

from __future__ import annotations

import json

from app.designer import service
from app.packaged import packaged_files
from tests.conftest import SignIn
from tests.support.workshop import Designer, number_of, packed

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
PLAIN = f"""<?xml version="1.0"?><definitions xmlns="{BPMN}" id="d" targetNamespace="x"><process id="leave" name="请假"
isExecutable="true"><startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/><task id="t" name="审批"/>
<sequenceFlow id="g" sourceRef="t" targetRef="e"/><endEvent id="e"/></process></definitions>""".encode()
BAD = (
    ("lead_followup.bpmn", b"no xml"),
    ("lead_followup.bpmn", b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'),
    ("lead_followup/qualify.json", b"[1]"),
    ("lead_followup/qualify.json", b"[" * 100_000),
    ("..%2F..%2Fetc%2Fpasswd.bpmn", PLAIN),
    ("x<script>.bpmn", PLAIN),
    ("complaint.py", b"print()"),
    ("complaint/../judge.json", b"{}"),
)


def test_a_deployed_process_becomes_a_draft_with_everything_and_goes_home_as_it_was(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    draft = designer.open()
    shipped, files = packaged_files(), designer.files(draft)
    assert {"complaint.bpmn", "complaint.en.json", "complaint/judge.json", "service_level.dmn"} <= files.keys()
    assert "lead_followup.bpmn" not in files
    assert all(content == shipped[name] for name, content in files.items())
    assert [one for one in designer.findings(draft) if one["severity"] == "error"] == []
    page = designer.get().text
    assert "Complaint handling" in page and f"/designer/drafts/{draft}" in page


def test_who_saves_last_is_told_who_was_faster(sign_in: SignIn) -> None:
    here, there = Designer(sign_in("shi.lei")), Designer(sign_in("shi.lei", language="zh"))
    draft = here.open()
    address = f"/drafts/{draft}/files/complaint.en.json"
    read = here.get(address)
    assert read.headers["ETag"] == '"1"' and read.content_type == "text/plain; charset=utf-8"
    names = json.loads(read.data)
    names["elements"]["judge"] = "Decide"
    assert here.put(address, json.dumps(names), read.headers["ETag"]).get_json() == {"revision": 2}
    late = there.put(address, "{}", 1)
    assert late.status_code == 412
    assert late.get_json()["savedBy"] == "shi.lei" and "石磊" in late.get_json()["message"]
    assert json.loads(here.get(address).data)["elements"]["judge"] == "Decide"
    assert here.put(f"/drafts/{draft}/files/complaint/check_twice.json", "{}", 0).get_json() == {"revision": 1}
    assert here.put(address, "{}").status_code == 428


def test_what_is_no_file_of_a_process_is_not_saved(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    draft = designer.open("lead_followup")
    for name, content in BAD:
        answer = designer.put(f"/drafts/{draft}/files/{name}", content, 1)
        assert answer.status_code in (404, 422), name
        assert answer.status_code == 404 or answer.get_json()["message"]
    assert designer.files(draft)["lead_followup.bpmn"] == packaged_files()["lead_followup.bpmn"]


def test_ordinary_files_of_another_editor_and_archives_are_taken_in(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    plain = number_of(designer.upload({"请假.bpmn20.xml": PLAIN}))
    assert designer.names(plain) == ["请假.bpmn"]
    assert "has no English name" in designer.get(f"/drafts/{plain}").text
    form = packaged_files()["complaint/judge.json"]
    archive = packed({"set/leave.bpmn": PLAIN, "set/forms/judge.json": form, "__MACOSX/x.json": b"", "readme.md": b""})
    whole = number_of(designer.upload({"set.zip": archive}))
    assert designer.names(whole) == ["complaint/judge.json", "leave.bpmn"]
    assert designer.upload({"judge.json": form}, f"/drafts/{plain}/files").status_code == 302
    assert designer.names(plain) == ["complaint/judge.json", "请假.bpmn"]


def test_archives_that_want_to_hurt_are_refused(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    bomb = packed({f"{number}.bpmn": b" " * 4_000_000 for number in range(6)})
    assert len(bomb) < 100_000
    many = packed({f"{number}.bpmn": b"x" for number in range(service.MOST_FILES + 1)})
    climbing, broken = packed({"../../../etc/cron.d/x.bpmn": PLAIN}), packed({"a.bpmn": PLAIN})[:-30]
    for archive in (bomb, many, climbing, broken, b"PK\x03\x04", packed({"notes.txt": b"x"})):
        refused = designer.upload({"set.zip": archive})
        assert refused.status_code == 422 and "invalid-feedback" in refused.text
    assert designer.upload({"virus.exe": b"MZ"}).status_code == 422
    assert designer.upload({"a.bpmn": PLAIN, "b/a.bpmn": PLAIN}).status_code == 422
    assert "No drafts yet" in designer.get().text


def test_an_empty_process_has_what_it_takes_but_a_form(sign_in: SignIn) -> None:
    designer = Designer(sign_in("shi.lei"))
    wanted = {"key": "order_question", "name_zh": "订单<script>", "name_en": "Order question", "group": "finance"}
    draft = number_of(designer.post("/drafts/blank", wanted))
    found = designer.findings(draft)
    assert [(one["code"], one["element"], one["file"]) for one in found] == [
        ("form_not_chosen", "first_step", "order_question.bpmn")
    ]
    assert found[0]["message"] == "The step has no form." and found[0]["remedy"].startswith("Choose a form")
    page = designer.get(f"/drafts/{draft}").text
    assert "订单&lt;script&gt;" in page and "订单<script>" not in page
    refused = designer.post("/drafts/blank", {**wanted, "key": "Order-1", "group": "nobody", "name_en": " "})
    assert refused.status_code == 422 and refused.text.count('aria-invalid="true"') == 3 and "Order-1" in refused.text
    taken = designer.post("/drafts/blank", {**wanted, "key": "complaint"})
    assert taken.status_code == 422 and "deployed already" in taken.text
    choices = designer.get(f"/drafts/{draft}/choices.json").get_json()
    assert {"value": "finance", "label": "Finance"} in choices["groups"]


def test_a_draft_is_its_owners_and_colleagues_may_copy_it(sign_in: SignIn) -> None:
    designer, officer, employee = (Designer(sign_in(login)) for login in ("shi.lei", "lin.wanqing", "li.na"))
    draft = designer.open("lead_followup")
    address = f"/drafts/{draft}"
    assert "You can look at it" in officer.get(address).text
    assert officer.put(f"{address}/files/lead_followup.bpmn", PLAIN, 1).status_code == 403
    for path in ("delete", "title", "files", "files/lead_followup.bpmn/delete"):
        assert officer.post(f"{address}/{path}").status_code == 403
    copy = number_of(officer.post(f"{address}/copy"))
    assert officer.names(copy) == designer.names(draft)
    assert employee.get(address).status_code == 403 and employee.get().status_code == 200
    assert designer.post(f"{address}/title", {"title": "跟进<b>"}).status_code == 302
    assert "跟进&lt;b&gt;" in designer.get(address).text
    assert designer.post(f"{address}/files/lead_timing.dmn/delete").status_code == 302
    assert ("decision_missing", "determine_horizon") in {
        (one["code"], one["element"]) for one in designer.findings(draft)
    }
    designer.post(f"{address}/delete")
    assert designer.get(address).status_code == 404
