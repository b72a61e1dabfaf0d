"""Gateways, flows, activities and their markers, data and drawings around them."""

from __future__ import annotations

from tests.conformance.patterns import (
    CYCLE,
    DEFINITIONS,
    END,
    START,
    Pattern,
    edge,
    event,
    gateway,
    multiple,
    script,
    sub,
)
from tests.support.workflows import user

MESSAGE, SIGNAL, ERROR, TIMER = (DEFINITIONS[name] for name in ("message", "signal", "error", "timer"))
ESCALATION, TERMINATE = DEFINITIONS["escalation"], DEFINITIONS["terminate"]
WORSE = '<errorEventDefinition errorRef="worse_"/>'
SERVICE = '<serviceTask id="{0}" camunda:type="external" camunda:topic="t"/>\n'
AB = user("a") + user("b")
SPLIT = START + END + AB + gateway("parallel", "f", "j") + "\ns > f > a > j > e\nf > b > j"
PARTIAL = '<complexGateway id="c"><activationCondition>{0}</activationCondition></complexGateway>\n'
TWO_TIMES = TIMER.replace("</timer", "<timeCycle>R/P1D</timeCycle></timer")
FILTERED = DEFINITIONS["conditional"].replace("Definition><", 'Definition camunda:variableName="y"><', 1)
ITEM = 'camunda:collection="items" camunda:elementVariable="i"'
STOP = '<messageEventDefinition messageRef="stop_"/>'
UNDOES = 'isForCompensation="true" camunda:candidateGroups="o"'
THROWN = event("intermediateThrowEvent", "t", DEFINITIONS["compensation"])
UNDONE_HERE = sub("v", event("startEvent", "w", DEFINITIONS["compensation"]) + user("u") + "\nw > u",
                  'triggeredByEvent="true"')  # fmt: skip
HELD = sub("sub", user("a") + "\n" + UNDONE_HERE)


def default(source: str, target: str) -> str:
    return f'<sequenceFlow id="d" sourceRef="{source}" targetRef="{target}"/>'


GATEWAYS = (
    Pattern("Sequence", "顺序", START + AB + END + "\ns > a > b > e", ("do a", "do b"), "s a b e"),
    Pattern("Parallel split and join", "并行分支与汇合", SPLIT, ("do b", "do a"), "s f b a j e"),
    Pattern("Exclusive choice and merge", "排他选择与合并",
            START + END + AB + gateway("exclusive", "g", more='default="d"') + gateway("exclusive", "m")
            + default("g", "b") + "\ns > g\ng > a if x == 1\na > m > e\nb > m", ("do a",), "s g a m e",
            variables={"x": 1}),
    Pattern("Default flow", "默认连线", START + AB + gateway("exclusive", "g", more='default="d"') + default("g", "b")
            + "\ns > g\ng > a if x == 1", ("do b",), "s g b", variables={"x": 2}),
    Pattern("Inclusive choice and join", "包容选择与汇合",
            START + END + AB + user("c") + gateway("inclusive", "f", "j")
            + "\ns > f\nf > a if x &gt; 0\nf > b if x &gt; 1\nf > c if x &gt; 5\na > j\nb > j\nc > j\nj > e",
            ("do a", "do b"), "s f a b j e", variables={"x": 3}),
    Pattern("Inclusive join when a branch has left", "分支离开后的包容汇合",
            START + AB + user("c") + gateway("inclusive", "f", "j") + gateway("exclusive", "x", more='default="d"')
            + event("endEvent", "away") + default("x", "away")
            + "\ns > f\nf > a if true\nf > b if true\na > j\nb > x\nx > j if y == 1\nj > c",
            ("do a", "do b y=0", "do c"), "s f a b x away j c"),
    Pattern("Parallel join in a loop", "循环中的并行汇合",
            START + END + AB + gateway("exclusive", "m") + gateway("parallel", "f", "j")
            + gateway("exclusive", "x", more='default="d"') + default("x", "e")
            + "\ns > m > f > a > j > x\nf > b > j\nx > m if again == 1",
            ("do a", "do b again=1", "do b", "do a again=0"), "s m f a b j x m f b a j x e"),
    Pattern("Inclusive join in a loop", "循环中的包容汇合",
            START + END + AB + gateway("exclusive", "m") + gateway("inclusive", "f", "j")
            + gateway("exclusive", "x", more='default="d"') + default("x", "e")
            + "\ns > m > f\nf > a if true\nf > b if true\na > j\nb > j\nj > x\nx > m if again == 1",
            ("do a", "do b again=1", "do b", "do a again=0"), "s m f a b j x m f b a j x e"),
    Pattern("Multiple merge: every token goes on", "多重合并：每个令牌继续",
            START + user("a") + gateway("parallel", "f") + gateway("exclusive", "m") + "\ns > f > m > a\nf > m",
            ("do a", "do a"), "s f m m a a"),
    Pattern("Arbitrary loop", "任意循环", START + END + user("a") + gateway("exclusive", "m")
            + gateway("exclusive", "x", more='default="d"') + default("x", "e") + "\ns > m > a > x\nx > m if r == 1",
            ("do a r=1", "do a r=0"), "s m a x m a x e"),
    Pattern("Event-based gateway", "事件网关",
            START + '<eventBasedGateway id="g"/>' + event("intermediateCatchEvent", "c", MESSAGE)
            + event("intermediateCatchEvent", "d", SIGNAL) + AB + "\ns > g > c > a\ng > d > b",
            ("send alarm", "do b"), "s g d b"),
    Pattern("Two timers behind an event-based gateway", "事件网关后的两个定时器",
            START + '<eventBasedGateway id="g"/>' + event("intermediateCatchEvent", "c", TIMER.replace("1H", "10H"))
            + event("intermediateCatchEvent", "d", TIMER) + AB + "\ns > g > c > a\ng > d > b",
            ("ring d", "do b"), "s g d b"),
    Pattern("Receive task behind an event-based gateway", "事件网关后的接收任务",
            START + '<eventBasedGateway id="g"/><receiveTask id="r" messageRef="hello_"/>' + "\ns > g > r",
            refused=("event_gateway_target",)),
    Pattern("Parallel event-based gateway that starts a process", "启动流程的并行事件网关",
            '<eventBasedGateway id="g" instantiate="true" eventGatewayType="Parallel"/>'
            + event("intermediateCatchEvent", "c", MESSAGE) + "\ng > c", refused=("attribute_value",)),
    Pattern("Complex gateway: partial join by a count", "复杂网关：按数量部分汇合",
            START + AB + user("c1") + gateway("parallel", "f") + PARTIAL.format("activationCount &gt;= 2") + user("z")
            + "\ns > f > a > c > z\nf > b > c\nf > c1 > c", ("do a", "do b", "do z", "do c1"), "s f a b c z c1"),
    Pattern("Complex gateway: a number alone", "复杂网关：只写数字",
            START + AB + gateway("parallel", "f") + PARTIAL.format("1") + user("z") + "\ns > f > a > c > z\nf > b > c",
            ("do b", "do z", "do a"), "s f b c z a"),
    Pattern("Complex gateway as a split", "复杂网关分支",
            START + AB + gateway("complex", "c") + "\ns > c\nc > a if x == 1\nc > b",
            ("do a", "do b"), "s c a b", variables={"x": 1}),
    Pattern("Complex gateway without activation condition", "没有激活条件的复杂网关",
            START + AB + gateway("parallel", "f") + gateway("complex", "c") + "\ns > f > a > c\nf > b > c",
            refused=("complex_condition",)),
    Pattern("Exclusive gateway with a flow without condition", "排他网关的连线没有条件",
            START + AB + gateway("exclusive", "g") + "\ns > g > a\ng > b", (), "s", open="g_choice",
            warned=("choice_asked", "nobody")),
    Pattern("Condition behind a parallel gateway", "并行网关后的条件",
            START + AB + gateway("parallel", "f") + "\ns > f > a\nf > b if x == 1", refused=("condition_ignored",)),
)  # fmt: skip

FLOWS = (
    Pattern("Implicit split: several flows out of a task", "隐式分支：任务流出多条连线",
            START + user("t") + AB + "\ns > t > a\nt > b", ("do t", "do b", "do a"), "s t b a"),
    Pattern("Implicit merge: several flows into a task", "隐式合并：任务流入多条连线",
            START + AB + user("z") + gateway("parallel", "f") + "\ns > f > a > z\nf > b > z",
            ("do a", "do z", "do b", "do z"), "s f a z b z"),
    Pattern("Conditional flows out of a task", "任务的条件连线",
            START + user("t").replace("<userTask", '<userTask default="d"') + AB + user("c") + default("t", "c")
            + "\ns > t\nt > a if x &gt; 0\nt > b if x &gt; 1", ("do t x=2", "do a", "do b"), "s t a b"),
    Pattern("Default flow out of a task", "任务的默认连线",
            START + user("t").replace("<userTask", '<userTask default="d"') + user("a") + user("c") + default("t", "c")
            + "\ns > t\nt > a if x &gt; 0", ("do t x=0", "do c"), "s t c"),
    Pattern("Condition on a default flow", "默认连线上的条件",
            START + user("a") + gateway("exclusive", "g", more='default="d"')
            + '<sequenceFlow id="d" sourceRef="g" targetRef="a"><conditionExpression>x == 5</conditionExpression>'
            "</sequenceFlow>\ns > g", ("do a",), "s g a", warned=("default_condition",)),
    Pattern("Process without start event", "没有开始事件的流程", AB + END + "\na > b > e", ("do a", "do b"), "a b e"),
    Pattern("Process without end event", "没有结束事件的流程", START + AB + "\ns > a > b", ("do a", "do b"), "s a b"),
    Pattern("Sub-process without start event", "没有开始事件的子流程", START + sub("sub", AB) + END + "\ns > sub > e",
            ("do b", "do a"), "s b a sub e"),
    Pattern("Link events", "链接事件",
            START + AB + event("intermediateThrowEvent", "t", DEFINITIONS["link"])
            + event("intermediateCatchEvent", "c", DEFINITIONS["link"]) + "\ns > a > t\nc > b",
            ("do a", "do b"), "s a t c b"),
    Pattern("Link without its other end", "缺少另一端的链接",
            START + event("intermediateThrowEvent", "t", DEFINITIONS["link"]) + "\ns > t", refused=("link_target",)),
    Pattern("Two start events without trigger", "两个无触发的开始事件",
            START + event("startEvent", "s2") + user("a") + "\ns > a\ns2 > a", ("do a",), "s a",
            warned=("start_by_message",)),
    Pattern("Flow into a start event", "流入开始事件", START + user("a") + "\ns > a > s", refused=("start_incoming",)),
    Pattern("Flow out of an end event", "流出结束事件", START + END + user("a") + "\ns > e > a",
            refused=("end_outgoing",)),
    Pattern("Node that nothing leads to", "无法到达的节点", START + AB + "\ns > a", ("do a",), "s a",
            warned=("unreachable",)),
    Pattern("Loop in which nobody waits", "无人等待的循环",
            START + gateway("exclusive", "m", "x", more="") + script("k") + user("a")
            + "\ns > m > k > x\nx > m if n &lt; 9\nx > a if n &gt;= 9", ("do a",),
            "s " + "m k x " * 9 + "a", variables={"n": 0}, warned=("busy_loop",)),
    Pattern("Start and completion quantity", "开始与完成令牌数",
            START + '<task id="a" startQuantity="2"/>' + "\ns > a", refused=("attribute_value",)),
)  # fmt: skip

TASKS = (
    Pattern("User task", "用户任务", START + user("a") + END + "\ns > a > e", ("do a",), "s a e"),
    Pattern("Manual task", "人工任务", START + '<manualTask id="a"/>' + END + "\ns > a > e", (), "s a e"),
    Pattern("Task without type", "普通任务", START + '<task id="a"/>' + END + "\ns > a > e", (), "s a e"),
    Pattern("Service task", "服务任务", START + SERVICE.format("v") + END + "\ns > v > e", ("serve v",), "s v e"),
    Pattern("Service task without topic", "没有主题的服务任务", START + '<serviceTask id="v"/>' + "\ns > v",
            refused=("service_without_topic",)),
    Pattern("Send task", "发送任务", START + '<sendTask id="t" messageRef="hello_"/>' + END + "\ns > t > e", (),
            "s t e"),
    Pattern("Receive task", "接收任务", START + '<receiveTask id="r" messageRef="hello_"/>' + END + "\ns > r > e",
            ("send hello",), "s r e"),
    Pattern("Receive task that starts a process", "启动流程的接收任务",
            '<receiveTask id="r" messageRef="hello_" instantiate="true"/>' + END + "\nr > e",
            refused=("attribute_value",)),
    Pattern("Script task", "脚本任务", START + script("k") + END + "\ns > k > e", (), "s k e", variables={"n": 0}),
    Pattern("Script in another language", "其他语言的脚本",
            START + '<scriptTask id="k" scriptFormat="ruby"><script>x</script></scriptTask>' + "\ns > k",
            ("serve k",), "s k", warned=("script_external",)),
    Pattern("Business rule task", "业务规则任务", "",
            proved_by="tests/conformance/test_engine_activities.py::test_a_decision_sets_its_result"),
    Pattern("Business rule task without decision", "没有决策的业务规则任务",
            START + '<businessRuleTask id="r"/>' + "\ns > r", refused=("decision_missing",)),
    Pattern("Call activity", "调用活动", START + '<callActivity id="c" calledElement="q"/>' + END + "\ns > c > e",
            ("answer c",), "s c e"),
    Pattern("Call activity: error and escalation of the called process", "被调用流程的错误与升级",
            START + '<callActivity id="c" calledElement="q"/>' + edge("b", "c", ERROR)
            + edge("u", "c", ESCALATION, False) + user("x") + user("y") + "\ns > c\nb > x\nu > y",
            ("escalate c UP", "break c BAD", "do y", "do x"), "s u b y x"),
    Pattern("Call activity: versions, business key, variables", "调用活动：版本、业务键、变量", "",
            proved_by="tests/unit/test_engine_store_calls.py::test_a_caller_keeps_the_version_it_was_deployed_with"),
    Pattern("Call of a computed process", "调用计算得到的流程",
            START + '<callActivity id="c" calledElement="${n}"/>' + END + "\ns > c > e", ("answer c",), "s c e",
            variables={"n": "q"}, warned=("call_computed",)),
    Pattern("Call in a version by tag", "按版本标签调用",
            START + '<callActivity id="c" calledElement="q" camunda:calledElementBinding="versionTag" '
            'camunda:calledElementVersionTag="1.2"/>' + END + "\ns > c > e", ("answer c",), "s c e"),
    Pattern("Call in a version by tag, without a tag", "按版本标签调用，但没有标签",
            START + '<callActivity id="c" calledElement="q" camunda:calledElementBinding="versionTag"/>' + "\ns > c",
            refused=("call_binding",)),
    Pattern("Embedded sub-process", "嵌入子流程",
            START + sub("sub", event("startEvent", "i") + user("a") + "\ni > a") + END + "\ns > sub > e",
            ("do a",), "s i a sub e"),
    Pattern("Transaction that is cancelled", "被取消的事务",
            START + sub("tx", event("startEvent", "i") + user("a") + edge("cb", "a", DEFINITIONS["compensation"])
            + user("u", 'isForCompensation="true" camunda:candidateGroups="o"')
            + '<association id="as" sourceRef="cb" targetRef="u"/>'
            + event("endEvent", "x", DEFINITIONS["cancel"]) + "\ni > a > x", kind="transaction")
            + edge("b", "tx", DEFINITIONS["cancel"]) + user("h") + "\ns > tx\nb > h",
            ("do a", "do u", "do h"), "s i a u x b h"),
    Pattern("Transaction with another method", "其他方法的事务", START + sub("tx", user("a"), 'method="##Store"',
            "transaction") + "\ns > tx", refused=("attribute_value",)),
    Pattern("Ad hoc sub-process, parallel", "即席子流程，并行", START + sub("sub", AB, kind="adHocSubProcess")
            + "\ns > sub", ("do b", "do a"), "s b a sub"),
    Pattern("Ad hoc sub-process, sequential", "即席子流程，顺序",
            START + sub("sub", AB, 'ordering="Sequential"', "adHocSubProcess") + "\ns > sub",
            ("do a", "do b"), "s a b sub"),
    Pattern("Ad hoc sub-process with completion condition", "带完成条件的即席子流程",
            START + sub("sub", AB + "<completionCondition>x == 1</completionCondition>", kind="adHocSubProcess")
            + "\ns > sub", ("do b x=1",), "s b sub", variables={"x": 0}),
    Pattern("Ad hoc sub-process with a start event", "带开始事件的即席子流程",
            START + sub("sub", event("startEvent", "i") + user("a") + "\ni > a", kind="adHocSubProcess") + "\ns > sub",
            refused=("ad_hoc_event",)),
)  # fmt: skip

MARKERS = (
    Pattern("Multi-instance, parallel", "并行多实例", START + user("a", inner=multiple()) + END + "\ns > a > e",
            ("do a", "do a", "do a"), "s a a a e"),
    Pattern("Multi-instance, sequential", "顺序多实例",
            START + user("a", inner=multiple(attributes='isSequential="true"')) + END + "\ns > a > e",
            ("do a", "do a", "do a"), "s a a a e"),
    Pattern("Multi-instance, truth values as 1 and 0", "多实例，以 1 和 0 表示真假",
            START + user("a", inner=multiple("", f'isSequential="1" {ITEM}')) + END + "\ns > a > e", ("do a",), "s a",
            open="a", variables={"items": [1, 2]}),
    Pattern("Multi-instance over a collection", "集合多实例",
            START + user("a", inner=multiple("", ITEM)) + END + "\ns > a > e", ("do a", "do a"), "s a a e",
            variables={"items": [1, 2]}),
    Pattern("Multi-instance without items", "没有元素的多实例",
            START + user("a", inner=multiple("", ITEM)) + END + "\ns > a > e", (), "s e", variables={"items": []}),
    Pattern("Multi-instance with output collection", "多实例输出集合",
            START + user("a", inner=multiple('<loopDataOutputRef>o</loopDataOutputRef><outputDataItem id="r"/>', ITEM))
            + END + "\ns > a > e", ("do a r=7", "do a r=8"), "s a a e", variables={"items": [1, 2]}),
    Pattern("Multi-instance whose output is its item", "输出即元素的多实例",
            START + user("a", inner=multiple('<loopDataOutputRef>o</loopDataOutputRef><outputDataItem id="i"/>', ITEM))
            + END + "\ns > a > e", ("do a i=7", "do a"), "s a a e", variables={"items": [1, 2]}),
    Pattern("Multi-instance with completion condition", "多实例完成条件",
            START + user("a", inner=multiple("<loopCardinality>3</loopCardinality><completionCondition>"
            "=numberOfCompletedInstances == 2</completionCondition>")) + END + "\ns > a > e", ("do a", "do a"),
            "s a a e"),
    Pattern("Multi-instance sub-process", "多实例子流程",
            START + sub("sub", multiple("<loopCardinality>2</loopCardinality>") + event("startEvent", "i") + user("a")
            + "\ni > a") + END + "\ns > sub > e", ("do a", "do a"), "s i i a sub a sub e"),
    Pattern("Multi-instance call activity", "多实例调用活动",
            START + f'<callActivity id="c" calledElement="q">{multiple("<loopCardinality>2</loopCardinality>")}'
            "</callActivity>" + END + "\ns > c > e", ("answer c", "answer c"), "s c c e"),
    Pattern("Multi-instance that throws an event per item", "逐项抛出事件的多实例",
            START + user("a", inner=multiple(attributes='behavior="None"')) + "\ns > a", refused=("attribute_value",)),
    Pattern("Multi-instance without collection and number", "没有集合和次数的多实例",
            START + user("a", inner=multiple("")) + "\ns > a", refused=("loop_without_items",)),
    Pattern("Standard loop", "标准循环",
            START + user("a", inner="<standardLoopCharacteristics><loopCondition>x == 1</loopCondition>"
            "</standardLoopCharacteristics>") + END + "\ns > a > e", ("do a x=1", "do a x=0"), "s a a e"),
    Pattern("Standard loop, tested before, with maximum", "先判断并有上限的标准循环",
            START + user("a", inner='<standardLoopCharacteristics testBefore="true" loopMaximum="2"><loopCondition>'
            "x == 1</loopCondition></standardLoopCharacteristics>") + END + "\ns > a > e", ("do a", "do a"), "s a a e",
            variables={"x": 1}),
    Pattern("Standard loop without end", "没有终点的标准循环",
            START + user("a", inner="<standardLoopCharacteristics/>") + "\ns > a", refused=("loop_without_end",)),
    Pattern("Compensation of several activities, the last first", "补偿多个活动，后完成者先补偿", "",
            proved_by="tests/conformance/test_engine_compensation.py::"
            "test_the_last_is_undone_first_and_then_it_goes_on"),
    Pattern("Compensation that is not waited for", "不等待的补偿",
            START + event("intermediateThrowEvent", "t", '<compensateEventDefinition waitForCompletion="0"/>')
            + "\ns > t", refused=("compensation_wait",)),
    Pattern("Compensation by an event sub-process", "补偿事件子流程",
            START + HELD + THROWN + "\ns > sub > t",
            ("do a", "do u"), "s a sub w u v sub t"),
    Pattern("Compensation by an event sub-process that undoes the activities inside", "在补偿事件子流程里补偿内部活动",
            "", proved_by="tests/conformance/test_engine_undoing_scopes.py::test_it_undoes_what_was_completed_inside"),
    Pattern("Compensation event sub-process of a process", "流程级的补偿事件子流程",
            START + user("a") + "\ns > a\n" + UNDONE_HERE, refused=("compensation_event_place",)),
    Pattern("Compensation by a boundary event and an event sub-process", "既有补偿边界事件又有补偿事件子流程",
            START + HELD + edge("b", "sub", DEFINITIONS["compensation"]) + user("k", UNDOES)
            + '<association id="as" sourceRef="b" targetRef="k"/>\ns > sub', refused=("compensation_twice",)),
    Pattern("Handler of compensation without association", "没有关联的补偿活动",
            START + AB.replace('id="b"', 'id="b" isForCompensation="true"') + "\ns > a",
            refused=("compensation_handler",)),
)  # fmt: skip

EVENTS = (
    Pattern("Terminate ends everything in its scope", "终止结束范围内的一切",
            START + AB + gateway("parallel", "f") + event("endEvent", "t", TERMINATE) + "\ns > f > a > t\nf > b",
            ("do a",), "s f a t"),
    Pattern("Terminate in a sub-process ends only that", "子流程内的终止只结束子流程",
            START + sub("sub", event("startEvent", "i") + AB + gateway("parallel", "f")
            + event("endEvent", "t", TERMINATE) + "\ni > f > a > t\nf > b") + user("z") + "\ns > sub > z",
            ("do a", "do z"), "s i f a t sub z"),
    Pattern("Signal end event wakes who waits", "信号结束事件唤醒等待者",
            START + gateway("parallel", "f") + user("a") + event("endEvent", "t", SIGNAL)
            + event("intermediateCatchEvent", "c", SIGNAL) + "\ns > f > a > t\nf > c", ("do a",), "s f a t c"),
    Pattern("Signal to other instances", "发给其他实例的信号", "",
            proved_by="tests/unit/test_engine_store_messages.py::test_a_signal_reaches_everybody_who_waits"),
    Pattern("Message that comes early is kept (persistent trigger)", "提前到达的消息被保留（持久触发）", "",
            proved_by="tests/unit/test_engine_store_messages.py::test_an_early_message_waits_for_its_receiver"),
    Pattern("Message by correlation key", "按关联键的消息", "",
            proved_by="tests/unit/test_engine_store_messages.py::test_a_message_reaches_the_instance_with_its_key_and_no_other"),
    Pattern("Message that starts a process", "启动流程的消息", "",
            proved_by="tests/unit/test_engine_store_messages.py::test_a_message_starts_a_process_by_its_latest_version"),
    Pattern("Timer that starts a process again and again", "循环启动流程的定时器", "",
            proved_by="tests/unit/test_engine_store_starts.py::test_again_and_again"),
    Pattern("Signal that starts processes", "启动流程的信号", "",
            proved_by="tests/unit/test_engine_store_starts.py::test_every_process_that_begins_with_a_signal"),
    Pattern("Several ways to begin a process", "流程的多种启动方式", "",
            proved_by="tests/unit/test_engine_store_starts.py::test_several_ways_to_begin"),
    Pattern("Error codes on boundary events: that code, else any", "边界错误代码：先同码，再任意",
            START + SERVICE.format("v") + edge("b1", "v", "<errorEventDefinition/>") + edge("b2", "v", ERROR) + AB
            + "\ns > v\nb1 > a\nb2 > b", ("fail v BAD", "do b"), "s b2 b"),
    Pattern("Error of another code", "其他代码的错误",
            START + SERVICE.format("v") + edge("b1", "v", "<errorEventDefinition/>") + edge("b2", "v", ERROR) + AB
            + "\ns > v\nb1 > a\nb2 > b", ("fail v OTHER", "do a"), "s b1 a"),
    Pattern("Error that stops its scope", "错误结束其范围",
            START + sub("sub", event("startEvent", "i") + AB + gateway("parallel", "f") + event("endEvent", "x", ERROR)
            + "\ni > f > a > x\nf > b") + edge("eb", "sub", ERROR) + user("h") + "\ns > sub\neb > h",
            ("do a", "do h"), "s i f a x eb h"),
    Pattern("Error caught two scopes further out", "由更外层捕获的错误",
            START + sub("out", event("startEvent", "i") + sub("in", event("startEvent", "k") + user("a")
            + event("endEvent", "x", ERROR) + "\nk > a > x") + edge("w", "in", WORSE) + "\ni > in")
            + edge("b", "out", ERROR) + user("h") + "\ns > out\nb > h", ("do a", "do h"), "s i k a x b h"),
    Pattern("Error that nobody catches", "无人捕获的错误", START + event("endEvent", "x", ERROR) + "\ns > x", (), "s x",
            warned=("error_not_caught",)),
    Pattern("Two handlers of one error", "同一错误的两个处理",
            START + user("a") + edge("b1", "a", ERROR) + edge("b2", "a", ERROR) + "\ns > a",
            refused=("handler_twice",)),
    Pattern("Escalation goes on beside the work", "升级与工作并行",
            START + sub("sub", event("startEvent", "i") + user("a") + event("intermediateThrowEvent", "t", ESCALATION)
            + user("b") + "\ni > a > t > b") + edge("eb", "sub", ESCALATION, False) + user("h") + "\ns > sub\neb > h",
            ("do a", "do b", "do h"), "s i a t eb b sub h"),
    Pattern("Non-interrupting message boundary event, several times", "多次触发的非中断边界消息",
            START + user("a") + edge("b", "a", MESSAGE, False) + user("h") + "\ns > a\nb > h",
            ("send hello", "send hello", "do h", "do h", "do a"), "s b b h h a"),
    Pattern("Non-interrupting message boundary event in a loop", "循环中的非中断边界消息",
            START + user("a") + edge("b", "a", MESSAGE, False) + user("h") + gateway("exclusive", "m")
            + gateway("exclusive", "x", more='default="d"') + END + default("x", "e")
            + "\ns > m > a > x\nx > m if r == 1\nb > h",
            ("send hello", "do a r=1", "send hello", "do a r=0", "do h", "do h"), "s m b a x m b a x e h h"),
    Pattern("Cycle at a non-interrupting boundary event", "非中断边界的循环定时器",
            START + user("a") + edge("b", "a", CYCLE, False) + user("h") + "\ns > a\nb > h",
            ("ring b", "ring b", "do h", "do h", "do a"), "s b b h h a"),
    Pattern("Cycle at an interrupting event", "中断事件的循环定时器",
            START + user("a") + edge("b", "a", CYCLE) + user("h") + "\ns > a\nb > h", ("ring b", "do h"), "s b h",
            warned=("cycle_once",)),
    Pattern("Timer with two times", "有两个时间的定时器",
            START + event("intermediateCatchEvent", "c", TWO_TIMES)
            + "\ns > c", refused=("timer_several",)),
    Pattern("Event sub-process in a sub-process, interrupting", "子流程内的中断型事件子流程",
            START + sub("sub", event("startEvent", "i") + user("a") + "\ni > a\n" + sub("ev",
            event("startEvent", "v", MESSAGE) + user("h") + "\nv > h", 'triggeredByEvent="true"')) + user("z")
            + "\ns > sub > z", ("send hello", "do h", "do z"), "s i v h ev sub z"),
    Pattern("Event sub-process in a sub-process, not interrupting, twice", "子流程内的非中断型事件子流程，两次",
            START + sub("sub", event("startEvent", "i") + user("a") + "\ni > a\n" + sub("ev",
            event("startEvent", "v", MESSAGE, 'isInterrupting="0"') + user("h") + "\nv > h",
            'triggeredByEvent="1"')) + user("z") + "\ns > sub > z",
            ("send hello", "send hello", "do a", "do h", "do h", "do z"), "s i v v a h ev h ev sub z"),
    Pattern("Event sub-process with two start events", "有两个开始事件的事件子流程",
            START + user("a") + "\ns > a\n" + sub("ev", event("startEvent", "v", MESSAGE)
            + event("startEvent", "w", SIGNAL) + user("h") + "\nv > h\nw > h", 'triggeredByEvent="true"'),
            refused=("event_scope_start",)),
    Pattern("Flow into an event sub-process", "流入事件子流程",
            START + sub("ev", event("startEvent", "v", MESSAGE), 'triggeredByEvent="true"') + "\ns > ev",
            refused=("event_scope_flow",)),
    Pattern("Conditional event again only after it was false", "条件变假之后才再次触发",
            START + user("a") + edge("b", "a", DEFINITIONS["conditional"], False) + "\ns > a",
            ("set x=1", "set x=1", "set x=0", "set x=1", "do a"), "s b b a", variables={"x": 0}),
    Pattern("Conditional event with a filter of variables", "带变量过滤的条件事件",
            START + user("a") + edge("b", "a", FILTERED) + user("z") + "\ns > a\nb > z", ("set x=1",), "s", "a"),
    Pattern("Conditional event when the named variable changes", "指定变量变化时的条件事件",
            START + user("a") + edge("b", "a", FILTERED) + user("z") + "\ns > a\nb > z",
            ("set x=1", "set y=1", "do z"), "s b z"),
    Pattern("Event with two triggers, all needed", "需要全部触发的多重事件",
            START + event("intermediateCatchEvent", "c", DEFINITIONS["multiple"], 'parallelMultiple="1"') + "\ns > c",
            refused=("multiple_events",)),
    Pattern("Event definition by reference", "引用的事件定义",
            START + event("intermediateCatchEvent", "c", "<eventDefinitionRef>t</eventDefinitionRef>") + "\ns > c",
            refused=("event_reference",)),
    Pattern("Boundary event without activity", "没有附着活动的边界事件",
            START + user("a") + edge("b", "nowhere", MESSAGE) + "\ns > a", refused=("boundary_target",)),
    Pattern("Boundary event at an activity with interruption from inside and outside", "内外都可中断的活动",
            START + sub("sub", event("startEvent", "i") + user("a") + edge("t", "a", TIMER) + user("h")
            + "\ni > a\nt > h") + edge("b", "sub", STOP) + user("z") + "\ns > sub\nb > z",
            ("ring t", "send stop", "do z"), "s i t b z"),
)  # fmt: skip

AROUND = (
    Pattern("Data objects, stores, inputs and outputs of them", "数据对象、数据存储",
            START + '<dataObject id="o"/><dataObjectReference id="r" dataObjectRef="o"/><dataStoreReference id="st"/>'
            + user("a") + "\ns > a", ("do a",), "s a", warned=("data_ignored",)),
    Pattern("Data associations", "数据关联",
            START + user("a", inner='<dataInputAssociation id="i"><sourceRef>o</sourceRef><targetRef>p</targetRef>'
            "</dataInputAssociation>") + "\ns > a", ("do a",), "s a", warned=("element_without_effect",)),
    Pattern("Correlation subscription of a process", "流程的关联订阅",
            START + '<correlationSubscription id="c" correlationKeyRef="k"/>' + user("a") + "\ns > a", ("do a",), "s a",
            warned=("element_without_effect",)),
    Pattern("Lanes: who works", "泳道：由谁办理", "",
            proved_by="tests/conformance/test_engine_activities.py::"
            "test_a_lane_is_the_group_of_tasks_that_name_nobody"),
    Pattern("Annotations, groups, associations", "注释、分组、关联",
            START + '<textAnnotation id="n"><text>x</text></textAnnotation><group id="g"/>'
            '<association id="as" sourceRef="a" targetRef="n"/>' + user("a") + "\ns > a", ("do a",), "s a"),
    Pattern("Word of BPMN that is none", "不存在的 BPMN 元素",
            START + user("a", inner="<multiInstance/>") + "\ns > a", ("do a",), "s a",
            warned=("element_without_effect",)),
    Pattern("Choreography task", "编舞任务", START + '<choreographyTask id="c"/>' + "\ns > c",
            refused=("unknown_element",)),
    Pattern("Sub-choreography and call choreography", "子编舞与调用编舞",
            START + '<subChoreography id="c"/><callChoreography id="d"/>' + user("a") + "\ns > a",
            refused=("unknown_element",)),
    Pattern("Conversation inside a process", "流程内的会话", START + '<conversation id="c"/>' + user("a") + "\ns > a",
            refused=("unknown_element",)),
    Pattern("Listeners", "监听器",
            START + user("a", inner='<extensionElements><camunda:taskListener event="create" class="x"/>'
            "</extensionElements>") + "\ns > a", refused=("listener",)),
)  # fmt: skip

GROUPS: dict[str, tuple[Pattern, ...]] = {
    "Gateways": GATEWAYS,
    "Flows": FLOWS,
    "Tasks and sub-processes": TASKS,
    "Markers and compensation": MARKERS,
    "Events": EVENTS,
    "Data, people and drawings": AROUND,
}
