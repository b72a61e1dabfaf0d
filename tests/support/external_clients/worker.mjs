// A worker as the package's own documentation shows it. Arguments: address, login, password, topic.
// It prints what it was given, answers by the variable "amount", and ends when its standard input is closed.
import { BasicAuthInterceptor, Client, Variables } from "camunda-external-task-client-js";

const [baseUrl, username, password, topic] = process.argv.slice(2);
const client = new Client({
  baseUrl,
  workerId: "javascript",
  asyncResponseTimeout: 2000,
  interval: 50,
  interceptors: new BasicAuthInterceptor({ username, password }),
});

client.on("poll:error", (error) => console.log(`poll error ${error}`));
client.subscribe(topic, { lockDuration: 20000 }, async ({ task, taskService }) => {
  const amount = task.variables.get("amount");
  if (amount < 0) {
    await taskService.handleBpmnError(task, "negative", "less than nothing");
    console.log(`error ${task.businessKey}`);
  } else if (amount > 1000 && task.retries === null) {
    await taskService.extendLock(task, 30000);
    await taskService.handleFailure(task, { errorMessage: "too much", retries: 1, retryTimeout: 100 });
    console.log(`failed ${task.businessKey}`);
  } else {
    const variables = new Variables().set("paid", amount * 2).set("details", { items: [1, "二"] });
    await taskService.complete(task, variables, new Variables().set("scratch", true));
    console.log(`done ${task.businessKey}`);
  }
});

process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
