// The properties panel shows what our engine reads, and nothing else.
import { activities } from "./activities.js";
import { events } from "./events.js";
import { Facts } from "./facts.js";
import { flows } from "./flows.js";
import { general } from "./general.js";
import { lists } from "./lists.js";
import { people } from "./people.js";

class KeliuPropertiesProvider {
  constructor(propertiesPanel, injector, eventBus) {
    this.injector = injector;
    eventBus.on("keliu.told", () => eventBus.fire("propertiesPanel.providersChanged"));
    propertiesPanel.registerProvider(this);
  }

  /** Groups of an element, those of others first. */
  getGroups(element) {
    const service = (name) => this.injector.get(name, false);
    const facts = new Facts(element, {
      modeling: service("modeling"),
      bpmnFactory: service("bpmnFactory"),
      commandStack: service("commandStack"),
      translations: service("translations"),
      choices: service("choices"),
      findings: service("findings"),
      registry: service("elementRegistry"),
    });
    const own = [general, people, activities, events, flows, lists].flatMap((part) => part(facts));
    return (groups) => [...groups, ...own.filter(Boolean)];
  }
}
KeliuPropertiesProvider.$inject = ["propertiesPanel", "injector", "eventBus"];

export default {
  __init__: ["keliuPropertiesProvider"],
  keliuPropertiesProvider: ["type", KeliuPropertiesProvider],
};
