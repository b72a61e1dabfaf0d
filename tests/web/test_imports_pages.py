"""A call-centre agent imports a file on the page: upload, mapping, preview, progress, rows handed back."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import engine
from app.complaints.models import Complaint
from app.imports import files
from app.imports.models import ImportRun
from tests.conftest import SignIn
from tests.support.application import database_of, drain
from tests.unit.test_imports_files import HOSTILE, mutations, workbook

BUREAU = Path(__file__).parents[3] / "shared" / "data" / "cfpb_complaints.csv"
AGENT = "li.na"
CHINESE = "客户方编号,客户,客户原话,投诉类别,投诉小类,渠道,收到时间,索赔金额（元）\n"
ROW = "A-1,江苏申远机械,发动机有异响，请尽快派人。,产品质量投诉,quality_malfunction,phone,2026年11月2日,1200\n"


@pytest.fixture
def agent(sign_in: SignIn) -> FlaskClient:
    return sign_in(AGENT)


def upload(client: FlaskClient, data: bytes, name: str = "complaints.csv") -> Any:
    form = {"target": "complaints", "file": (io.BytesIO(data), name)}
    return client.post("/imports", data=with_token(client, form), content_type="multipart/form-data")


def with_token(client: FlaskClient, form: dict[str, Any]) -> dict[str, Any]:
    page = client.get("/imports").get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:500]
    return form | {"csrf_token": found[1]}


def post(client: FlaskClient, url: str, **form: Any) -> Any:
    return client.post(url, data=with_token(client, form))


def text(client: FlaskClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def test_the_bureaus_file_comes_in_and_twenty_rows_are_handed_back(app: Flask, agent: FlaskClient) -> None:
    run = upload(agent, BUREAU.read_bytes(), BUREAU.name).location
    page = text(agent, run)
    assert "How the first rows would come in" in page
    assert "Required and not fed" not in page  # the shipped mapping was found by the header
    assert "In the file: Web · Referral" in page
    assert post(agent, f"{run}/start").status_code == 303
    assert 'hx-trigger="every 1s"' in text(agent, f"{run}/progress")

    drain(database_of(app))

    done = text(agent, f"{run}/progress")
    assert counts(done) == {"created": 181, "existing": 0, "failed": 20}
    assert "every 1s" not in done
    with database_of(app).read() as session:
        imported = session.scalars(select(Complaint).where(Complaint.source == "import")).all()
        steps = {
            tuple(task.node_id for task in engine.queries.open_tasks(session, str(one.instance_id))) for one in imported
        }
    assert len(imported) == 181
    assert steps == {("judge",)}
    assert {one.received_at.year for one in imported} <= {2022, 2023, 2024, 2025, 2026}

    back = agent.get(f"{run}/handed-back.csv").data
    table = files.read(back, "back.csv")
    assert table.header[-1] == "Reason for handing back"
    assert len(table.rows) == 20
    assert all("This field is required." in row.cells[-1] for row in table.rows)

    second = upload(agent, BUREAU.read_bytes(), BUREAU.name).location
    post(agent, f"{second}/start")
    drain(database_of(app))
    assert counts(text(agent, f"{second}/progress")) == {"created": 0, "existing": 181, "failed": 20}


def counts(page: str) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r'data-count="(\w+)">(\d+)<', page)}


def test_a_chinese_file_is_understood_by_the_names_of_its_columns(app: Flask, sign_in: SignIn) -> None:
    agent = sign_in(AGENT, language="zh")
    run = upload(agent, (CHINESE + ROW).encode("gb18030"), "投诉清单.csv").location
    page = text(agent, run)
    assert "导入预览（前几行）" in page
    assert "table-danger" not in page
    post(agent, f"{run}/start")
    drain(database_of(app))
    assert counts(text(agent, f"{run}/progress")) == {"created": 1, "existing": 0, "failed": 0}


def test_a_corrected_file_of_bad_rows_comes_in(app: Flask, sign_in: SignIn) -> None:
    agent = sign_in(AGENT, language="zh")
    run = upload(agent, (CHINESE + ROW + ROW.replace("A-1", "A-2").replace("2026年11月2日", "昨天")).encode()).location
    post(agent, f"{run}/start")
    drain(database_of(app))
    assert counts(text(agent, f"{run}/progress")) == {"created": 1, "existing": 0, "failed": 1}
    back = agent.get(f"{run}/handed-back.csv").get_data(as_text=True)
    assert "收到时间：“昨天”不是日期。" in back

    again = upload(agent, back.replace("A-2,", "A-2,").replace(",昨天,", ",2026-11-03,").encode()).location
    post(agent, f"{again}/start")
    drain(database_of(app))
    assert counts(text(agent, f"{again}/progress")) == {"created": 1, "existing": 0, "failed": 0}


def test_a_workbook_with_unknown_columns_is_mapped_by_hand_and_the_mapping_is_found_next_time(
    app: Flask, agent: FlaskClient
) -> None:
    rows: list[list[object]] = [
        ["Nr", "Firm", "What", "Area", "How"],
        ["X-1", "Shenyuan", "It is late.", "trucks", "Fax"],
    ]
    run = upload(agent, workbook(rows), "odd.xlsx").location
    assert "Required and not fed by any column yet" in text(agent, run)
    answer = post(
        agent,
        f"{run}/mapping",
        **{
            "customer_reference-0-column": "Nr",
            "customer-0-column": "Firm",
            "verbatim-0-column": "What",
            "complaint_class-0-column": "Area",
            "complaint_class-0-values": "trucks = transport",
            "sub_code-constant": "transport_handling",
            "channel-0-column": "How",
            "channel-otherwise": "letter",
            "channel-0-values": "Mail = letter",
            "save_as": "Trucks",
        },
    )
    assert answer.status_code == 303
    assert "table-danger" not in text(agent, run)
    post(agent, f"{run}/start")
    drain(database_of(app))
    assert counts(text(agent, f"{run}/progress")) == {"created": 1, "existing": 0, "failed": 0}

    rows[1][0] = "X-2"
    assert "Required and not fed" not in text(agent, upload(agent, workbook(rows), "odd2.xlsx").location)


def test_a_wrong_rule_is_said_and_what_was_typed_stays(agent: FlaskClient) -> None:
    run = upload(agent, (CHINESE + ROW).encode()).location
    answer = post(
        agent,
        f"{run}/mapping",
        **{"channel-0-column": "渠道", "channel-0-values": "no sign", "verbatim-constant": "kept"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The mapping is wrong at channel: no sign." in page
    assert 'value="kept"' in page
    assert post(agent, f"{run}/mapping", **{"channel-0-column": "no such column"}).status_code == 422


def test_names_with_tags_stay_text(agent: FlaskClient) -> None:
    evil = "<script>alert(1)</script>"
    run = upload(agent, (CHINESE + ROW.replace("江苏申远机械", evil)).encode(), f"{evil}.csv").location
    page = text(agent, run)
    assert evil not in page
    assert "&lt;script&gt;" in page
    assert evil not in text(agent, "/imports")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_its_field(agent: FlaskClient, name: str) -> None:
    answer = upload(agent, HOSTILE[name], "x.xlsx" if HOSTILE[name].startswith(b"PK") else "x.csv")
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.get_data(as_text=True)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_two_hundred_damaged_files_never_end_in_an_error_page(app: Flask, agent: FlaskClient) -> None:
    form = with_token(agent, {"target": "complaints"})
    for seed in range(200):
        data = form | {"file": (io.BytesIO(mutations(seed)), "x.xlsx" if seed % 2 else "x.csv")}
        answer = agent.post("/imports", data=data, content_type="multipart/form-data")
        assert answer.status_code in (303, 422), seed
        if answer.status_code == 303 and seed % 10 == 0:
            text(agent, answer.location)


def test_nothing_can_be_begun_twice_and_a_cancelled_run_stays_cancelled(app: Flask, agent: FlaskClient) -> None:
    run = upload(agent, (CHINESE + ROW).encode()).location
    post(agent, f"{run}/cancel")
    assert "Cancelled" in text(agent, run)
    assert post(agent, f"{run}/start").status_code == 303
    assert "This import has already begun." in text(agent, run)
    assert drain(database_of(app)) == 0 or counts(text(agent, f"{run}/progress"))["created"] == 0


def test_others_see_nothing_of_a_run(agent: FlaskClient, sign_in: SignIn) -> None:
    run = upload(agent, (CHINESE + ROW).encode()).location
    colleague = sign_in("wu.xiaoyan")
    for url in (run, f"{run}/progress", f"{run}/handed-back.csv", f"{run}/mapping.json"):
        assert colleague.get(url).status_code == 404
    stranger = sign_in("han.lei")
    assert stranger.get("/imports").status_code == 403
    assert agent.get("/imports/99999999999999999999999").status_code == 404


def test_a_person_who_lost_the_right_imports_no_further_row(app: Flask, agent: FlaskClient) -> None:
    from app.accounts import service as accounts

    run = upload(agent, (CHINESE + ROW).encode()).location
    post(agent, f"{run}/start")
    database_of(app).write(lambda session: accounts.deactivate(session, "system", AGENT))
    drain(database_of(app))
    with database_of(app).read() as session:
        found = session.get_one(ImportRun, int(run.rsplit("/", 1)[1]))
        assert (found.state, found.created) == ("cancelled", 0)
