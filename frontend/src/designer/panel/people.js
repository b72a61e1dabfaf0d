// Who does a user task, with which form, until when.
import { translate } from "../language.js";
import { group } from "./group.js";
import { choice, EXPRESSION, link, several, text } from "./widgets.js";

/** An attribute of camunda as a field. */
export function attribute(facts, name) {
  return [() => facts.get(`camunda:${name}`), (value) => facts.set(`camunda:${name}`, value)];
}

/** A property of camunda:properties as a field. */
export function property(facts, name) {
  return [() => facts.property(name), (value) => facts.setProperty(name, value)];
}

function processOf(bo) {
  let one = bo;
  while (one && one.$type !== "bpmn:Process") {
    one = one.$parent;
  }
  return one?.id ?? "process";
}

/** The pick list of forms, with the one that by our rules belongs here, and the way to it. */
function formFields(facts) {
  const { choices } = facts.services;
  const usual = `${processOf(facts.bo)}/${facts.bo.id}`;
  const value = facts.get("camunda:formKey");
  const options = [...choices.forms];
  if (!options.some((option) => option.value === usual)) {
    options.unshift({ value: usual, label: translate("{key} (new)", { key: usual }) });
  }
  const key = value && !/[${}=]/.test(value) ? value : null;
  const exists = choices.forms.some((option) => option.value === key);
  const words = exists ? translate("Edit the form {key}", { key }) : translate("Create the form {key}", { key });
  return [
    choice("form-key", "Form", ...attribute(facts, "formKey"), options, { other: EXPRESSION }),
    key && link("form-link", words, choices.formUrl(key)),
  ];
}

export function calendarField(facts) {
  const { choices } = facts.services;
  return choice("calendar", "Calendar", ...property(facts, "calendar"), choices.calendars, {
    empty: "(that of the first group)",
    other: EXPRESSION,
    hint: "Which working hours count.",
  });
}

function serviceLevel(facts) {
  const { serviceLevels } = facts.services.choices;
  return choice("service-level", "Service level", ...property(facts, "serviceLevel"), serviceLevels, {
    other: EXPRESSION,
    hint: "Working hours the task may take: a number or an expression.",
  });
}

export function people(facts) {
  if (facts.is("StartEvent") && !facts.definition()) {
    return [
      group("start", "Start", [
        ...formFields(facts),
        text("initiator", "Variable for who starts", ...attribute(facts, "initiator"), {
          hint: "The login of whoever starts is kept in it.",
        }),
      ]),
    ];
  }
  if (!facts.is("UserTask")) {
    return [];
  }
  const { choices } = facts.services;
  return [
    group("people", "Who does it", [
      several("candidate-groups", "Candidate groups", ...attribute(facts, "candidateGroups"), choices.groups, {
        hint: "Keys with commas, or an expression such as ${department}.",
      }),
      text("assignee", "Assignee", ...attribute(facts, "assignee"), { hint: "A login or an expression." }),
      text("candidate-users", "Candidate users", ...attribute(facts, "candidateUsers"), { hint: "Logins with commas." }),
      text("excluded-users", "Who must not do it", ...property(facts, "excludedUsers"), {
        hint: "Logins or an expression: four-eyes principle.",
      }),
    ]),
    group("form", "Form", formFields(facts)),
    group("deadlines", "Deadlines", [
      serviceLevel(facts),
      text("due-date", "Due date", ...attribute(facts, "dueDate"), {
        hint: "A moment, a duration from now such as P3D, or =working_days(3). Empty: the service level says it.",
      }),
      text("follow-up-date", "Follow-up date", ...attribute(facts, "followUpDate"), { hint: "From when on it is worth a look." }),
      text("priority", "Priority", ...attribute(facts, "priority"), { hint: "A number; 50 when empty." }),
      calendarField(facts),
    ]),
  ];
}
