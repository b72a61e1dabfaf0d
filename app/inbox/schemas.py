"""What ``/api/v1`` says about tasks."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from app.inbox.queries import Box


class TaskSchema(Schema):
    """One user task."""

    id = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "Name of the step in the caller's language"})
    title = fields.String(required=True, metadata={"description": "What the case is about"})
    customer = fields.String(required=True)
    business_key = fields.String(required=True, allow_none=True)
    process_key = fields.String(required=True)
    process_definition_id = fields.String(required=True)
    process_instance_id = fields.String(required=True)
    node_id = fields.String(required=True, metadata={"description": "Id of the user task in the model"})
    form_key = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(["created", "claimed", "completed", "cancelled"]))
    assignee = fields.String(required=True, allow_none=True)
    candidate_groups = fields.List(fields.String())
    priority = fields.Integer(required=True)
    created_at = fields.DateTime(required=True)
    claimed_at = fields.DateTime(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    on_behalf_of = fields.String(
        required=True, allow_none=True, metadata={"description": "The absent person for whom the assignee does it"}
    )
    delegation = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "pending: the assignee gives it back to the owner, who completes it; resolved: it is back"
        },
    )
    owner = fields.String(required=True, allow_none=True, metadata={"description": "Who delegated it"})
    deadline = fields.Dict(
        allow_none=True,
        metadata={
            "description": "How due_at was computed, of a single task only: rule (hours, days or date), amount, start, "
            "calendar, days (working minutes of each, or why it does not count), pauses"
        },
    )


class PauseSchema(Schema):
    """Why and until when the clock of a task stands still."""

    reason = fields.String(load_default="", validate=validate.Length(max=500), metadata={"description": "Required"})
    until = fields.AwareDateTime(load_default=None, allow_none=True, format="iso")


class TaskQuerySchema(Schema):
    """Which tasks to list."""

    box = fields.String(
        load_default=Box.TODO,
        validate=validate.OneOf([Box.TODO, Box.CLAIM, Box.DONE]),
        metadata={"description": "todo: assigned to me; claim: offered to me; done: completed by me"},
    )
    process_key = fields.String(load_default=None, validate=validate.Length(max=100))
    node_id = fields.String(load_default=None, validate=validate.Length(max=100))
    business_key = fields.String(load_default=None, validate=validate.Length(max=100))
    q = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata={"description": "Words of title, customer or number; two Chinese characters suffice"},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    after = fields.String(
        load_default=None, validate=validate.Length(max=500), metadata={"description": "``next`` of the page before"}
    )


class TaskPageSchema(Schema):
    """A page of tasks."""

    tasks = fields.List(fields.Nested(TaskSchema), required=True)
    count = fields.Integer(required=True, metadata={"description": "How many there are in all"})
    next = fields.String(required=True, allow_none=True, metadata={"description": "Give it as ``after``"})


class PayloadSchema(Schema):
    """A filled-in form: values by field name, as the form document describes them."""

    values = fields.Dict(keys=fields.String(), required=True, metadata={"example": {"outcome": "valid"}})


class DraftSchema(Schema):
    """What the caller typed into a task's form and has not sent yet."""

    values = fields.Dict(keys=fields.String(), required=True)
    saved_at = fields.DateTime(required=True, dump_only=True)


class CompletedSchema(Schema):
    """What completing the task led to."""

    task = fields.Nested(TaskSchema, required=True)
    instance_state = fields.String(required=True, allow_none=True)
    created = fields.List(
        fields.Nested(TaskSchema),
        required=True,
        metadata={"description": "Tasks that wait since then and that the caller may see"},
    )


class FormTextSchema(Schema):
    """A text in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class FormOptionSchema(Schema):
    """One choice of a field."""

    value = fields.Raw(required=True)
    label = fields.Nested(FormTextSchema, required=True)


class FormFieldSchema(Schema):
    """One field of a form. ``fields``: the columns of a field of type ``rows``."""

    name = fields.String(required=True)
    type = fields.String(
        required=True,
        validate=validate.OneOf(
            [
                "text",
                "longtext",
                "integer",
                "decimal",
                "money",
                "date",
                "datetime",
                "boolean",
                "choice",
                "multichoice",
                "rows",
                "file",
                "reference",
            ]
        ),
    )
    label = fields.Nested(FormTextSchema, required=True)
    help = fields.Nested(FormTextSchema, required=True, allow_none=True)
    required = fields.Boolean(required=True)
    readonly = fields.Boolean(required=True)
    value = fields.Raw(required=True, allow_none=True)
    options = fields.List(fields.Nested(FormOptionSchema), required=True, allow_none=True)
    min = fields.Raw(required=True, allow_none=True)
    max = fields.Raw(required=True, allow_none=True)
    fields_ = fields.List(
        fields.Nested(lambda: FormFieldSchema()), data_key="fields", attribute="fields", required=True, allow_none=True
    )
    visible_if = fields.String(required=True, allow_none=True)


class FormSchema(Schema):
    """A form document: everything needed to show the form and to know what will be accepted."""

    key = fields.String(required=True)
    title = fields.Nested(FormTextSchema, required=True)
    fields_ = fields.List(fields.Nested(FormFieldSchema), data_key="fields", attribute="fields", required=True)
