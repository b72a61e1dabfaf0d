"""The filters and sorts of external tasks, in Camunda's names."""

from __future__ import annotations

from sqlalchemy import ColumnElement, not_

import engine
from app import db
from app.engine_rest import filters as f
from app.engine_rest.filters import Vocabulary
from app.engine_rest.vocabulary import zone
from engine.tables import job, process_instance


def _locked() -> ColumnElement[bool]:
    return engine.queries.is_locked(db.session())


EXTERNAL_TASK = Vocabulary(
    filters={
        "externalTaskId": f.whole(lambda number: job.c.id == number),
        "externalTaskIdIn": f.numbers(job.c.id),
        "topicName": f.equals(job.c.topic),
        "workerId": f.equals(job.c.worker),
        "locked": f.when_true(_locked),
        "notLocked": f.when_true(lambda: not_(_locked())),
        "withRetriesLeft": f.when_true(lambda: job.c.state != engine.JobState.FAILED),
        "noRetriesLeft": f.when_true(lambda: job.c.state == engine.JobState.FAILED),
        "lockExpirationAfter": f.at(job.c.lease_until, "after", zone),
        "lockExpirationBefore": f.at(job.c.lease_until, "before", zone),
        "activityId": f.equals(job.c.node_id),
        "activityIdIn": f.one_of(job.c.node_id),
        "executionId": f.equals(job.c.instance_id),
        "processInstanceId": f.equals(job.c.instance_id),
        "processInstanceIdIn": f.one_of(job.c.instance_id),
        "processDefinitionId": f.equals(process_instance.c.definition_id),
        "processDefinitionKey": f.equals(process_instance.c.definition_key),
        "priorityHigherThanOrEquals": f.whole(lambda number: job.c.priority >= number),
        "priorityLowerThanOrEquals": f.whole(lambda number: job.c.priority <= number),
        "active": f.when_true(lambda: process_instance.c.state == engine.InstanceState.ACTIVE),
        "suspended": f.when_true(lambda: process_instance.c.state == engine.InstanceState.SUSPENDED),
    },
    sorts={
        "id": job.c.id,
        "lockExpirationTime": job.c.lease_until,
        "processInstanceId": job.c.instance_id,
        "processDefinitionId": process_instance.c.definition_id,
        "processDefinitionKey": process_instance.c.definition_key,
        "taskPriority": job.c.priority,
        "createTime": job.c.created_at,
    },
    key=job.c.id,
)
