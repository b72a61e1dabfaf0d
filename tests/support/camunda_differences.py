"""Why an operation of Camunda 7 is not offered, and where one that is offered differs. Patterns as in :mod:`fnmatch`,
with ``[{]id}`` written ``{id}``."""

from __future__ import annotations

TENANTS = "There are no tenants."
IMMUTABLE = "What is deployed stays: running instances and their history point at it. Suspend a version instead."
RECORD = "History is the record of what people did; nobody deletes it and no date removes it."
FILES = "Variables are JSON. Files are attachments of a task or fields of a form."
ACCOUNTS = "Accounts, groups and passwords are managed on the pages, by administrators, with their log."
OPTIONS = "Answered with the methods in `Allow`, without a body. What somebody may do is decided when it is done."
REPORTS = "Durations are reported on the pages, by department and working hours."
DEFINED = "There is one kind of job per activity, found by `activityId`; jobs sleep with their instance."
ONE_EXECUTION = "An instance is its one execution. It goes on by its tasks, messages, signals and external tasks."

NOT_OFFERED = {
    "* */tenant-id/*": TENANTS,
    "DELETE /deployment/{id}": IMMUTABLE,
    "DELETE /process-definition/*": IMMUTABLE,
    "PUT /process-definition/*/history-time-to-live": RECORD,
    "DELETE /history/*": RECORD,
    "POST /history/*/delete": RECORD,
    "POST /history/*/set-removal-time": RECORD,
    "GET /history/batch/cleanable-batch-report*": RECORD,
    "* */{varName}/data": FILES,
    "GET */variable-instance/{id}/data": FILES,
    "POST /user/*": ACCOUNTS,
    "PUT /user/*": ACCOUNTS,
    "DELETE /user/*": ACCOUNTS,
    "POST /group/create": ACCOUNTS,
    "PUT /group/*": ACCOUNTS,
    "DELETE /group/*": ACCOUNTS,
    "* /identity/password-policy": ACCOUNTS,
    "POST /group": "`GET` asks the same.",
    "POST /group/count": "`GET` asks the same.",
    "OPTIONS *": OPTIONS,
    "GET /history/*/report": REPORTS,
    "* /job-definition*": DEFINED,
    "PUT /job/*suspended": DEFINED,
    "DELETE /job/{id}": "An instance whose timer is gone would wait for ever. Cancel the instance, or move the timer.",
    "POST /job/{id}/duedate/recalculate": "A timer keeps the moment it was computed for; `PUT …/duedate` moves it.",
    "POST /execution/{id}/create-incident": "Incidents are what failed here.",
    "POST /execution/{id}/signal": ONE_EXECUTION,
    "POST /task/create": "Tasks come from processes.",
    "DELETE /task/{id}": "Tasks come from processes and end with them.",
    "DELETE /task/{id}/comment": "Each author takes back their own comments, one by one.",
    "DELETE /process-instance/{id}/comment*": "A comment is taken back at its task, by its author.",
    "PUT /process-instance/{id}/comment": "A comment is changed at its task, by its author.",
}

DIFFERENT = {
    "POST /deployment/create": "Unchanged files make no new version, asked for or not. No activation date.",
    "POST /deployment/{id}/redeploy": "What is unchanged makes no new version.",
    "GET /deployment/registered": "Every deployment: none is without its application.",
    "GET /process-definition*/diagram": "Always 204: the BPMN file is the drawing.",
    "POST /process-definition/*/start": "`startInstructions` are refused. A case with a number of its own gets that.",
    "POST /process-definition/*/submit-form": "As `start`.",
    "GET /process-definition*/deployed-start-form": "Our form document.",
    "GET /process-definition*/static-called-process-definitions": "`calledFromActivityIds` names all its calls.",
    "PUT /process-definition*suspended": "At once: `executionDate` is refused.",
    "GET /task/{id}/deployed-form": "Our form document, the same as `/api/v1/tasks/{id}/form`.",
    "PUT /task/{id}": "For who may reassign. What a task has to have stays when it is left out.",
    "POST /task/{id}/claim": "For oneself; for another candidate by who may reassign.",
    "POST /task/{id}/unclaim": "By its assignee or who may reassign; a delegated task goes back to its owner.",
    "POST /task/{id}/assignee": "By who may reassign, to somebody who may do the task.",
    "POST /task/{id}/delegate": "By its assignee or who may reassign, to somebody who may do the task.",
    "POST /task/{id}/resolve": "By its assignee, without variables.",
    "POST /task/{id}/complete": "Variables are the fields of the form. A delegated task is resolved first (403).",
    "POST /task/{id}/submit-form": "As `complete`.",
    "POST /task/{id}/identity-links*": "By who may reassign; somebody excluded by the model stays excluded.",
    "POST /task/{id}/bpmnError": "By who may complete it; 400 when nothing catches it. Variables: only to repair.",
    "POST /task/{id}/bpmnEscalation": "As `bpmnError`.",
    "PUT /task/{id}/comment": "By its author.",
    "DELETE /task/{id}/comment/{commentId}": "By its author; the words stay in the audit log.",
    "POST /task/{id}/attachment/create": "Files of the kinds forms take; an address is only kept, never fetched.",
    "DELETE /task/{id}/attachment/{attachmentId}": "By who attached it; the file stays with the case.",
    "POST /external-task/{id}/bpmnError": "A code that nobody catches is an incident.",
    "POST /external-task/{id}/failure": "Sets no variables.",
    "GET /incident*": "`failedExternalTask` and `failedJob` only.",
    "POST /message": "`tenantId` is refused. `all` starts a process only when nothing that runs waits.",
    "POST /job/{id}/execute": "Needs the right to run jobs at once.",
    "GET /job*": "`activityId` and `jobType` are told besides.",
    "* /filter*": "Each person sees and changes their own; of `query` only what `POST /task` knows.",
    "* /variable-instance*": "Instances or tasks have to be named.",
    "* /history/variable-instance*": "Last values; instances have to be named.",
    "* /history/activity-instance*": "User tasks with their time, everything else at the moment it was passed.",
    "GET /user*": "Oneself; everybody for who reassigns or manages accounts. No mail addresses.",
    "GET /group*": "Own groups; all of them for who reassigns or manages accounts.",
    "GET /event-subscription*": "Of running instances: messages and signals.",
    "* /execution*": "One per instance.",
    "* /process-instance/{id}/modification*": "`skipIoMappings` changes nothing; cancelling where nothing is: 400.",
    "POST /modification/*": "As for one instance; the one in which nothing is cancelled refuses all, or its own item.",
    "POST /migration/*": "Messages and signals are those of the new version; timers as `updateEventTrigger` says.",
    "POST /process-definition/{id}/restart*": "What still runs is not started again.",
    "POST /process-instance/job-retries*": "400 when no job of these instances has failed.",
    "* /batch*": "Every item is a job from the beginning; one that is refused fails at once.",
    "DELETE /batch/{id}": "What is not done yet is not done; the batch stays in the history.",
}
