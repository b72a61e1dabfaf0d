"""Plain SpiffWorkflow: its own parser, its own serializer with specs and all, nothing of ours."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState


class Spiff:
    """One parsed process."""

    def __init__(self, key: str, xml: bytes) -> None:
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.parse(io.BytesIO(xml)), filename=f"{key}.bpmn")
        self._spec = parser.get_spec(key)
        self._subprocesses = parser.get_subprocess_specs(key)
        self._serializer = BpmnWorkflowSerializer()

    def started(self, facts: Mapping[str, Any]) -> Any:
        """A new workflow at its first task."""
        workflow = BpmnWorkflow(self._spec, self._subprocesses)
        workflow.task_tree.data.update(facts)
        workflow.do_engine_steps()
        return workflow

    def completed(self, workflow: Any, node: str, entered: Mapping[str, Any]) -> Any:
        """The workflow after a person has completed ``node``."""
        task = next(task for task in workflow.get_tasks(state=TaskState.READY) if task.task_spec.bpmn_id == node)
        task.data.update(entered)
        task.run()
        return self.continued(workflow)

    def continued(self, workflow: Any) -> Any:
        """The workflow after its due timers have fired."""
        workflow.refresh_timers()
        workflow.do_engine_steps()
        return workflow

    def dumped(self, workflow: Any) -> bytes:
        """The whole state as JSON."""
        return bytes(self._serializer.serialize_json(workflow).encode())

    def loaded(self, blob: bytes) -> Any:
        """The workflow of such a state."""
        return self._serializer.deserialize_json(bytes(blob).decode())
