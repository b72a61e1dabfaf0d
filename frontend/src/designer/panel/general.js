// Name, English name, id, documentation, what is wrong here; and the process as a whole.
import { translate } from "../language.js";
import { group } from "./group.js";
import { area, check, note, text } from "./widgets.js";

const ID = /^[A-Za-z_][\w.-]*$/;
const UNNAMED = ["TextAnnotation", "Association", "DataInputAssociation", "DataOutputAssociation", "Group"];

function idProblem(facts, target, value) {
  if (!value) {
    return translate("An id is needed.");
  }
  if (!ID.test(value)) {
    return translate("Letters, digits, _ - . only; it begins with a letter.");
  }
  const holder = target.$model.ids?.assigned(value);
  return holder && holder !== target ? translate("This id is taken.") : null;
}

function idField(facts, target = facts.bo, id = "id") {
  const set = (value) => {
    if (target === facts.bo) {
      facts.services.modeling.updateProperties(facts.element, { id: value });
    } else {
      facts.set("id", value, target);
    }
  };
  return text(id, "Id", () => target.id, set, { validate: (value) => idProblem(facts, target, value) });
}

function names(facts) {
  const { bo, element } = facts;
  if (facts.is("TextAnnotation")) {
    const set = (value) => facts.services.modeling.updateProperties(element, { text: value });
    return [area("text", "Text", () => facts.get("text"), set)];
  }
  if (facts.is(...UNNAMED)) {
    return [];
  }
  const set = (value) => facts.services.modeling.updateProperties(element, { name: value || undefined });
  return [
    area("name", "Name", () => facts.get("name"), set),
    area("english-name", "English name", () => facts.english("elements", bo.id), (value) =>
      facts.setEnglish("elements", bo.id, value),
    ),
  ];
}

function problems(facts) {
  const here = facts.services.findings?.of(facts.bo.id) ?? [];
  return here.map(({ severity, message, remedy }, index) =>
    note(`finding-${index}`, [message, remedy].filter(Boolean).join(" "), severity),
  );
}

function process(facts) {
  const inPool = facts.is("Participant");
  const target = inPool ? facts.bo.processRef : facts.is("Process") ? facts.bo : null;
  if (!target) {
    return null;
  }
  const entries = [];
  if (inPool) {
    entries.push(
      idField(facts, target, "process-id"),
      area("process-name", "Name of the process", () => target.name ?? "", (value) => facts.set("name", value, target)),
      area("process-english", "English name of the process", () => facts.english("elements", target.id), (value) =>
        facts.setEnglish("elements", target.id, value),
      ),
      area("process-documentation", "Documentation of the process", () => facts.documentation(target), (value) =>
        facts.setDocumentation(value, target),
      ),
    );
  }
  entries.push(
    check("executable", "May be started", () => target.isExecutable, (value) =>
      facts.update(target, { isExecutable: value }),
    ),
  );
  entries.push(
    text("own-version-tag", "Tag of this version", () => facts.get("camunda:versionTag", target), (value) =>
      facts.set("camunda:versionTag", value, target),
    ),
  );
  return group("process", "Process", entries, true);
}

export function general(facts) {
  const hint = facts.is("Lane") && note("lane", translate("The id of a lane is the group of its tasks that name nobody."));
  return [
    group("findings", "Findings", problems(facts), true),
    group("general", "General", [...names(facts), idField(facts), hint], true),
    process(facts),
    !facts.is("TextAnnotation", "Association", "Group") &&
      group("documentation", "Documentation", [
        area("documentation", "Documentation", () => facts.documentation(), (value) => facts.setDocumentation(value)),
      ]),
  ];
}
