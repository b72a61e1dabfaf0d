"""A program that talks to the REST dialects with a person's bearer token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import engine
from app.security import sessions
from tests.support import camunda_contract
from tests.support.application import database_of


def token_of(app: Flask, login: str) -> str:
    """A new bearer token of that person."""

    def create(session: Session) -> str:
        return sessions.create_token(session, login, "test", now=engine.now(session), expires_at=None)

    return database_of(app).write(create)


@dataclass
class Program:
    """Speaks JSON with a token, without any cookie."""

    client: FlaskClient
    headers: dict[str, str]

    def get(self, path: str, **query: Any) -> TestResponse:
        """GET with a query."""
        return _kept(self.client.get(path, query_string=query, headers=self.headers))

    def post(self, path: str, body: Any = None) -> TestResponse:
        """POST a JSON body."""
        return _kept(self.client.post(path, json={} if body is None else body, headers=self.headers))

    def put(self, path: str, body: Any) -> TestResponse:
        """PUT a JSON body."""
        return _kept(self.client.put(path, json=body, headers=self.headers))

    def delete(self, path: str) -> TestResponse:
        """DELETE."""
        return _kept(self.client.delete(path, headers=self.headers))

    def send(self, path: str, form: dict[str, Any]) -> TestResponse:
        """POST a multipart form."""
        data, kind = form, "multipart/form-data"
        return _kept(self.client.post(path, data=data, content_type=kind, headers=self.headers))

    def raw(self, method: str, path: str, data: bytes, content_type: str = "application/json") -> TestResponse:
        """Exactly these bytes."""
        return self.client.open(path, method=method, data=data, content_type=content_type, headers=self.headers)


def _kept(response: TestResponse) -> TestResponse:
    """Every answer in Camunda's dialect is what Camunda promises."""
    path = response.request.path
    if path.startswith(camunda_contract.ROOT):
        body = response.get_json() if response.is_json else None
        found = camunda_contract.problems(response.request.method, path, response.status_code, body)
        assert found == [], found
    return response


def program(app: Flask, login: str, language: str = "en") -> Program:
    """A program of that person."""
    headers = {"Authorization": f"Bearer {token_of(app, login)}", "Accept-Language": language}
    return Program(app.test_client(use_cookies=False), headers)


def variables(**values: Any) -> dict[str, dict[str, Any]]:
    """Plain values as Camunda's variables."""
    kinds = {
        bool: "Boolean",
        int: "Integer",
        float: "Double",
        str: "String",
        list: "Json",
        dict: "Json",
        type(None): "Null",
    }
    return {name: {"value": value, "type": kinds[type(value)]} for name, value in values.items()}
