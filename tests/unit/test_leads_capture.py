"""How a lead comes in: by hand, by message, from a file, from a satisfied complaint."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

import engine
from app.bootstrap import registries
from app.errors import FieldErrors
from app.imports import OutcomeState
from app.leads import queries
from app.leads.importing import LeadTarget
from app.leads.models import Lead
from app.leads.service import closing
from tests.conftest import SignIn
from tests.support.application import database_of, drain, principal_of
from tests.support.complaints import EVALUATION, Cases
from tests.support.leads import AGENT, SELLER, Leads
from tests.support.rest import program, variables


@pytest.fixture
def leads(app: Flask, clock: engine.VirtualClock) -> Leads:
    """The leads of the demo company."""
    return Leads(app, clock)


def test_a_salesperson_captures_and_customer_support_qualifies(leads: Leads) -> None:
    number = leads.capture(SELLER, wants=["cad"], purchase_date="2027-03-01", note="展会名片")
    lead = leads.row(number)
    assert (lead.state, lead.captured_by, lead.intake["wants"]) == ("new", SELLER, ["cad"])
    task = leads.task(number, "qualify")
    assert task.candidate_groups == ("customer_support",)
    for wrong in ({"purchase_date": "soon"}, {"product_id": "999"}, {"company": "", "contact_name": "", "phone": ""}):
        with pytest.raises(FieldErrors):
            leads.capture(SELLER, **wrong)
    assert leads.capture(SELLER).endswith(f"{int(number[-6:]) + 1:06d}")


def test_a_web_site_captures_a_lead_by_message_and_says_later_that_it_changed(leads: Leads) -> None:
    site = program(leads.app, AGENT)
    known = variables(company="青岛海螺泵业", phone="0532-1234567", source_reference="WEB-1")
    body = {"messageName": "lead_captured", "resultEnabled": True, "processVariables": known}
    (result,) = site.post("/engine-rest/message", body).get_json()
    number = result["processInstance"]["businessKey"]
    assert (leads.row(number).source, leads.waiting(number)) == ("message", ["qualify"])
    again = site.post("/engine-rest/message", body)
    assert again.status_code >= 400 and number in again.text
    leads.qualify(number, 300, company="青岛海螺泵业", phone="0532-1234567")
    sooner = variables(purchase_date=str(leads.today() + timedelta(days=40)), text="年内就要上。", channel="web")
    told = {"messageName": "lead_changed", "businessKey": number, "processVariables": sooner}
    assert site.post("/engine-rest/message", told).status_code == 204
    drain(database_of(leads.app))
    assert leads.waiting(number) == ["advance_purchase"]
    for wrong in ({"owner": "li.na"}, {"purchase_date": "morgen"}, {"outcome": "won"}):
        refused = {"messageName": "lead_changed", "businessKey": number, "processVariables": variables(**wrong)}
        assert site.post("/engine-rest/message", refused).status_code == 400
    assert leads.row(number).owner == SELLER


def test_a_list_becomes_leads_and_what_may_be_a_duplicate_waits_for_a_person(leads: Leads) -> None:
    target, person, database = LeadTarget(), principal_of(leads.app, AGENT), database_of(leads.app)
    next_year = leads.today().replace(year=2027)
    row = {"company": "即墨机械厂", "contact_name": "丁工", "purchase_date": next_year}
    whole = {**row, "phone": "0532-1", "owns": "CAD、CAPP", "wants": "erp", "owner": SELLER}
    rows = [whole, {**row, "phone": "0532-2"}, {"company": "胶州机械厂"}]
    for values in rows:
        made = database.write(lambda session, values=values: target.import_row(session, values, person))  # type: ignore[misc]  # bound now
        assert made.state is OutcomeState.CREATED
        same = database.write(lambda session, values=values: target.import_row(session, values, person))  # type: ignore[misc]  # bound now
        assert same.state is OutcomeState.EXISTING and same.reference == made.reference
    drain(database)
    with database.read() as session:
        found = session.scalars(select(Lead).where(Lead.source == "import").order_by(Lead.number)).all()
        assert [(lead.state, lead.kind, lead.horizon) for lead in found] == [
            ("open", "C", "one_year"),
            ("new", "", None),
            ("new", "", None),
        ]
        for wrong in (
            {"company": "x", "owner": "nobody"},
            {"company": "x", "owns": "word"},
            {"company": "x", "purchase_date": leads.today().replace(year=2001)},
        ):
            with pytest.raises(FieldErrors):
                target.check_row(session, wrong, person)
    assert registries(leads.app).imports.get("leads") is not None


def test_a_satisfied_customer_who_wants_more_is_a_lead_a_dissatisfied_one_is_not(
    app: Flask, clock: engine.VirtualClock
) -> None:
    cases, leads = Cases(app, clock), Leads(app, clock)
    wish = leads.product("CAPP")
    happy, angry = cases.to_visit(), cases.to_visit()
    cases.do(
        angry,
        "return_visit",
        "wu.xiaoyan",
        outcome="dissatisfied",
        satisfaction=2,
        reason="还是不好用",
        suggested_product=wish,
    )
    cases.do(happy, "return_visit", "wu.xiaoyan", outcome="satisfied", satisfaction=5, suggested_product=wish)
    cases.do(happy, "evaluate", "xie.wenbo", **EVALUATION)
    with database_of(app).read() as session:
        found = session.scalars(select(Lead).where(Lead.source == "complaint")).all()
    assert [(lead.source_reference, lead.product_code, lead.state) for lead in found] == [(happy, "CAPP", "new")]
    assert found[0].customer_id is not None and leads.waiting(found[0].number) == ["qualify"]


def test_a_matter_prepares_a_lead_that_learns_its_process_when_it_starts(leads: Leads) -> None:
    found = registries(leads.app).business_objects.get(queries.PROCESS_KEY)
    assert found is not None
    person, database = principal_of(leads.app, AGENT), database_of(leads.app)
    values = {"company": "胶南机械厂", "phone": "0532-7", "department": "office_qingdao"}
    number = database.write(lambda session: found.prepare(session, person, values))
    lead = leads.row(number)
    assert (lead.instance_id, lead.department_key, lead.state) == (None, "centre_3", "new")
    command = engine.StartProcess(
        process_key=queries.PROCESS_KEY, business_key=number, variables=closing.start_variables(lead), actor="system"
    )
    started = database.write(lambda session: engine.execute(session, command))
    assert leads.row(number).instance_id == started.instance_id
    leads.qualify(number, 20, owner=None, company="胶南机械厂", phone="0532-7")
    assert leads.task(number, "contact_now").candidate_groups == ("centre_3",)


def test_who_sees_the_form_of_a_new_lead(leads: Leads, sign_in: SignIn) -> None:
    task = leads.task(leads.capture(SELLER), "qualify")
    assert sign_in(AGENT).get(f"/inbox/tasks/{task.id}").status_code == 200
    assert sign_in("su.ting").get(f"/inbox/tasks/{task.id}").status_code == 404
