"""What was found in a file when it was deployed, in words: what is wrong, and what to do about it.

Facts of a finding fill the braces. Chinese first, English second.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.dialect_findings import DIALECT_WORDS
from engine.model import Finding
from engine.repair_findings import REPAIR_WORDS
from engine.search_findings import SEARCH_WORDS
from engine.standard_findings import STANDARD_WORDS

LANGUAGES = ("zh", "en")

WORDS: Mapping[str, tuple[str, str]] = {
    **DIALECT_WORDS,
    **STANDARD_WORDS,
    **REPAIR_WORDS,
    **SEARCH_WORDS,
    # XML
    "xml_too_large": ("文件超过 {allowed} 字节。请拆分文件。", "The file is larger than {allowed} bytes. Split it."),
    "xml_malformed": (
        "文件不是有效的 XML：{reason}。请用 BPMN 编辑器重新导出。",
        "The file is no valid XML: {reason}. Export it again from a BPMN editor.",
    ),
    "xml_doctype": (
        "文件包含 DOCTYPE，不被接受。请删除它。",
        "The file has a DOCTYPE, which is not accepted. Remove it.",
    ),
    "xml_too_many": (
        "文件的 XML 元素超过 {allowed} 个。请拆分流程。",
        "The file has more than {allowed} XML elements. Split the process.",
    ),
    "xml_too_deep": (
        "XML 嵌套超过 {allowed} 层。请减少嵌套。",
        "XML is nested more than {allowed} levels deep. Nest less.",
    ),
    # structure
    "no_process": (
        "文件里没有流程。请上传 BPMN 2.0 文件。",
        "There is no process in the file. Upload a BPMN 2.0 file.",
    ),
    "not_executable": (
        '流程“{element}”未标为可执行。请设置 isExecutable="true"。',
        'Process "{element}" is not marked as executable. Set isExecutable="true".',
    ),
    "missing_id": ("一个 {type} 没有 id。请给它一个唯一的 id。", "A {type} has no id. Give it a unique one."),
    "duplicate_id": ("id“{element}”出现多次。请改成唯一的 id。", 'The id "{element}" is used twice. Make ids unique.'),
    "too_many_nodes": (
        "流程节点超过 {allowed} 个。请拆分流程。",
        "The file has more than {allowed} nodes. Split the process.",
    ),
    "nested_too_deep": (
        "子流程嵌套超过 {allowed} 层。请减少嵌套。",
        "Sub-processes are nested more than {allowed} levels deep. Nest less.",
    ),
    "unknown_element": (
        "不支持元素 {type}。请删除或用受支持的元素代替。",
        "The element {type} is not supported. Remove or replace it.",
    ),
    "too_long": (
        "{what} 超过 {allowed} 个字符。请缩短。",
        "{what} has more than {allowed} characters. Shorten it.",
    ),
    "took_too_long": ("检查流程用时过长。请拆分流程。", "Checking the process took too long. Split it."),
    "no_start": ("没有起点。请加一个开始事件。", "There is no place to begin. Add a start event."),
    "several_starts": (
        "有多个无触发的开始事件。请只保留一个，其余用消息触发。",
        "There are several start events without trigger. Keep one; start the others by message.",
    ),
    "start_twice": (
        "有两个开始事件使用同一个 {kind}“{name}”。请只保留一个。",
        'Two start events wait for the same {kind} "{name}". Keep one.',
    ),
    "event_scope_start": (
        "事件子流程必须恰好有一个带触发的开始事件。",
        "An event sub-process needs exactly one start event with a trigger. Add or remove start events.",
    ),
    "event_scope_flow": (
        "事件子流程不能有连线。请删除连线。",
        "An event sub-process can't have sequence flows. Remove them.",
    ),
    "start_incoming": ("开始事件不能有流入连线。请删除连线。", "A start event can't have incoming flows. Remove them."),
    "end_outgoing": ("结束事件不能有流出连线。请删除连线。", "An end event can't have outgoing flows. Remove them."),
    "dangling_flow": (
        "连线指向不存在的节点“{reference}”。请重新连接。",
        'The flow refers to "{reference}", which is not in this scope. Connect it again.',
    ),
    "default_flow": (
        "默认连线“{reference}”并不从该节点流出。请重新选择。",
        'The default flow "{reference}" does not leave this node. Choose again.',
    ),
    "unreachable": (
        "没有路径能到达该节点，它永远不会执行。请连接或删除它。",
        "Nothing leads to this node, so it never runs. Connect or remove it.",
    ),
    "busy_loop": (
        "循环中没有任何等待，会运行到步数上限。请加入任务或定时器。",
        "A loop in which nothing waits runs into the step limit. Put a task or timer into it.",
    ),
    # support
    "event_not_supported": (
        "{type} 不支持“{event}”事件。请换用消息、定时器或信号。",
        'The event "{event}" is not supported at a {type}. Use a message, timer or signal.',
    ),
    "multiple_events": (
        "一个事件只能有一个触发。请用事件网关或多个边界事件。",
        "An event can have one trigger. Use an event-based gateway or several boundary events.",
    ),
    "event_reference": (
        "不支持引用共享的事件定义。请把定义放进事件里。",
        "References to shared event definitions are not supported. Put the definition into the event.",
    ),
    "listener": (
        "不支持 {type}。请改用服务任务。",
        "{type} is not supported. Use a service task instead.",
    ),
    "extension_unknown": (
        "不支持扩展 {type}。表单请用 formKey，调用请用外部任务。",
        "The extension {type} is not supported. Use formKey for forms and external tasks for calls.",
    ),
    "extension_without_effect": (
        "扩展 {type} 不起作用。",
        "The extension {type} has no effect here. It may be removed.",
    ),
    "element_without_effect": (
        "元素 {type} 在这里不起作用。办理人请用 camunda:candidateGroups，数据请用变量。",
        "The element {type} has no effect here. Use camunda:candidateGroups for people and variables for data.",
    ),
    "attribute_unknown": (
        "不认识属性 {attribute}。请删除，或换用受支持的属性。",
        "The attribute {attribute} is not known. Remove it or use a supported one.",
    ),
    "attribute_too_long": (
        "属性 {attribute} 超过 {allowed} 个字符。请缩短。",
        "The attribute {attribute} has more than {allowed} characters. Shorten it.",
    ),
    "attribute_without_effect": (
        "属性 {attribute} 在这里不起作用。",
        "The attribute {attribute} has no effect here. It may be removed.",
    ),
    "parameter_not_plain": (
        "参数“{name}”只能是文本或表达式。",
        'The parameter "{name}" must be a text or an expression. Lists, maps and scripts are not supported.',
    ),
    # events
    "missing_reference": (
        "引用的 {kind}“{reference}”不存在。请重新选择。",
        'The {kind} "{reference}" does not exist. Choose it again.',
    ),
    "missing_name": ("{kind} 没有名称。请填写名称。", "The {kind} has no name. Give it one."),
    "event_name": (
        "名称“{name}”是表达式。请写固定名称，用关联键区分。",
        'The name "{name}" is an expression. Write a fixed name and tell instances apart by correlation key.',
    ),
    "message_missing": ("{type} 没有消息。请选择消息。", "The {type} has no message. Choose one."),
    "timer_without_time": ("定时器没有时间。请填写时间。", "The timer has no time. Enter a date, duration or cycle."),
    "timer": (
        "定时器“{expression}”无效：{reason}。请改正。",
        'The timer "{expression}" is wrong: {reason}. Correct it.',
    ),
    "cycle_once": (
        "中断型事件只触发一次，周期的其余次数不会发生。",
        "An interrupting event fires once; the rest of the cycle never happens. Use a duration.",
    ),
    "condition_missing": (
        "条件事件没有条件。请填写条件。",
        "The conditional event has no condition. Enter one.",
    ),
    "condition_filter": (
        "camunda:variableEvents 只能是 create、update、delete，而不是“{value}”。请改正。",
        'camunda:variableEvents takes create, update and delete, not "{value}". Correct it.',
    ),
    "link_target": (
        "链接“{link}”必须恰好有一个同名的捕获链接。",
        'The link "{link}" needs exactly one catching link of that name in the same scope.',
    ),
    "boundary_target": (
        "边界事件没有附着在活动上（{reference}）。请重新附着。",
        "The boundary event is not attached to an activity ({reference}). Attach it again.",
    ),
    "boundary_incoming": (
        "边界事件不能有流入连线。请删除连线。",
        "A boundary event can't have incoming flows. Remove them.",
    ),
    "error_not_interrupting": (
        "错误事件总是中断。请改为中断型。",
        "An error always interrupts. Make the event interrupting.",
    ),
    # gateways
    "flow_without_condition": (
        "网关“{gateway}”的连线没有条件，也不是默认连线。请填写条件。",
        'A flow of gateway "{gateway}" has no condition and is not the default. Enter a condition.',
    ),
    "no_default": (
        "网关没有默认连线；条件都不成立时流程会出错。请设一条默认连线。",
        "The gateway has no default flow; when no condition holds, the process stops with an incident. Set one.",
    ),
    "condition_ignored": (
        "{type} 的连线不能有条件。请换用排他或包容网关。",
        "A flow of a {type} can't have a condition. Use an exclusive or inclusive gateway.",
    ),
    "event_gateway_empty": (
        "事件网关后面没有事件。请连接至少一个捕获事件。",
        "No event follows the event-based gateway. Connect a catching event.",
    ),
    "event_gateway_target": (
        "事件网关后面的“{reference}”必须是只由它进入的消息、定时器或信号捕获事件。",
        'Behind an event-based gateway "{reference}" must be a message, timer or signal catch event '
        "with no other incoming flow. Redraw it.",
    ),
    "compensation_handler": (
        "补偿边界事件必须用关联连接到一个补偿活动（isForCompensation），两者都不能有连线。",
        "A compensation boundary event needs an association with one activity for compensation; neither has sequence "
        "flows. Draw it.",
    ),
    "compensation_target": (
        "“{reference}”不在同一范围内，或没有补偿处理。请重新选择活动。",
        '"{reference}" is not in the same scope or can\'t be compensated. Choose the activity again.',
    ),
    "compensation_wait": (
        '补偿总是等待完成。请删除 waitForCompletion="false"。',
        'Compensation is always waited for. Remove waitForCompletion="false".',
    ),
    "cancel_place": (
        "取消事件只能放在事务里或事务的边界上。请移动它。",
        "A cancel event belongs into a transaction, or at its boundary. Move it.",
    ),
    "cancel_without_boundary": (
        "事务里有取消结束事件，却没有取消边界事件。请添加一个。",
        "The transaction has a cancel end event but no cancel boundary event. Add one.",
    ),
    "complex_condition": (
        "复杂网关汇合多条连线，却没有激活条件。请填写条件，例如 activationCount >= 2。",
        "The complex gateway joins flows without an activation condition. Enter one, such as activationCount >= 2.",
    ),
    # activities
    "ad_hoc_event": (
        "即席子流程里不能有 {type}。请删除它。",
        "An ad hoc sub-process has no {type}. Remove it.",
    ),
    "nobody": (
        "没有人能办理该任务。请填写候选组、办理人或泳道。",
        "Nobody may work on this task. Enter candidate groups, an assignee or a lane.",
    ),
    "passes_through": (
        "{type} 不需要任何人办理，流程会直接通过。要人办理请用用户任务。",
        "A {type} asks nobody; the process passes through. Use a user task for work.",
    ),
    "service_without_topic": (
        '服务任务没有外部主题。请设置 camunda:type="external" 和 camunda:topic。',
        'The service task has no topic. Set camunda:type="external" and camunda:topic.',
    ),
    "topic_not_external": (
        '主题只对外部任务有效。请设置 camunda:type="external"。',
        'A topic works for external tasks only. Set camunda:type="external".',
    ),
    "topic_without_handler": (
        "本机没有主题“{topic}”的处理器；需要外部程序来办理。",
        'Nothing here serves the topic "{topic}"; an external worker must.',
    ),
    "form_missing": (
        "找不到表单“{form_key}”。请一起上传 {form_key}.json。",
        'The form "{form_key}" is not among the files. Upload {form_key}.json too.',
    ),
    "json_unreadable": ("文件不是 JSON 对象。请改正。", "The file is not a JSON object. Correct it."),
    "script_language": (
        "不支持脚本语言“{language}”。请写成赋值语句，语言留空。",
        'The script language "{language}" is not supported. Write assignments and leave the language empty.',
    ),
    "loop_target": ("只有活动可以多实例。", "Only activities can be multi-instance. Remove the marker."),
    "loop_without_items": (
        "多实例没有集合也没有次数。请填写其一。",
        "The multi-instance has neither a collection nor a cardinality. Enter one.",
    ),
    "loop_without_end": (
        "循环既没有条件也没有最大次数。请填写其一。",
        "The loop has neither a condition nor a maximum. Enter one.",
    ),
    "loop_maximum": ("循环的最大次数“{value}”不是数字。请改正。", 'The maximum "{value}" is no number. Correct it.'),
    "loop_output": (
        "有输出集合却没有输出元素。请填写输出元素。",
        "There is an output collection without an output element. Enter the element.",
    ),
    "expression": (
        "表达式“{expression}”不被接受：{reason}。请改正。",
        'The expression "{expression}" is not accepted: {reason}. Correct it.',
    ),
    # calls
    "call_target": (
        "调用活动没有指明流程。请填写 calledElement。",
        "The call activity names no process. Enter calledElement.",
    ),
    "call_computed": (
        "调用哪个流程到调用时才由“{expression}”算出；那时若没有该流程，会产生可重试的异常。",
        'The call computes what it calls by "{expression}". If that is not there then, there is an incident to retry.',
    ),
    "call_binding": (
        "不支持版本绑定“{binding}”（版本“{version}”）。请用 latest、deployment、version 加版本号或 versionTag 加标签。",
        'The binding "{binding}" (version "{version}") is not known. Use latest, deployment, version with a number, '
        "or versionTag with a tag.",
    ),
    "call_tag_missing": (
        "流程“{reference}”还没有带标签“{tag}”的版本；调用时仍没有，会产生可重试的异常。",
        'No version of the process "{reference}" has the tag "{tag}" yet. Without one at the call: an incident.',
    ),
    "call_latest": (
        "被调用流程的版本在部署时确定；要使用更新的版本，请重新部署本流程。",
        "The version of the called process is fixed when this one is deployed. Deploy again to use a newer one.",
    ),
    "call_mapping": (
        '不支持变量映射“{name}”。请填写 source 或 sourceExpression 和 target，或 variables="all"。',
        'The mapping "{name}" is not supported. Give source or sourceExpression and target, or variables="all".',
    ),
    "call_versions": (
        "同一流程在“{reference}”处以另一版本调用。请统一版本绑定。",
        'The same process is called in another version at "{reference}". Use one binding.',
    ),
    "call_detached": (
        "waitForCompletion 只能是 true 或 false；为 false 时没有可取回的变量。现在的值：“{value}”。",
        'waitForCompletion is true or false, and with false there are no variables to take back. Now it is "{value}".',
    ),
    "call_recursion": (
        "流程在任何等待之前调用自身，会运行到调用深度上限。请先加入任务或定时器。",
        "The process calls itself before anybody has waited and may run into the limit of depth. Put a task before it.",
    ),
    "call_missing": (
        "找不到被调用的流程“{reference}”（{binding}）。请一起部署或先部署它。",
        'The called process "{reference}" ({binding}) is not there. Deploy it together with this one, or before it.',
    ),
    # decisions
    "no_decision": (
        "文件里没有决策。请上传 DMN 1.3 文件。",
        "There is no decision in the file. Upload a DMN 1.3 file.",
    ),
    "decision_without_table": (
        "决策没有决策表，也没有表达式。请填写其一。",
        "The decision has neither a table nor an expression. Use one of them.",
    ),
    "decision_requirement": (
        "决策依赖“{reference}”，它不在同一文件里、有错误，或互相循环依赖。请改正依赖关系。",
        'The decision requires "{reference}", which is not in this file, is wrong or requires it in turn. Correct it.',
    ),
    "decision_knowledge": (
        "不支持业务知识模型。请改用决策表或表达式。",
        "Business knowledge models are not supported. Use a table or an expression.",
    ),
    "decision_missing": (
        "找不到决策“{reference}”。请一起上传它的 DMN 文件。",
        'The decision "{reference}" is not among the files. Upload its DMN file too.',
    ),
    "decision_mapping": (
        "不认识结果映射“{mapping}”。请用 singleEntry、singleResult、collectEntries 或 resultList。",
        'The mapping "{mapping}" is not known. Use singleEntry, singleResult, collectEntries or resultList.',
    ),
    "decision_variable": (
        "结果映射 {mapping} 需要结果变量。请填写 camunda:resultVariable。",
        "The mapping {mapping} needs a result variable. Enter camunda:resultVariable.",
    ),
    "decision_outputs": (
        "结果映射 {mapping} 只适用于一个输出列的表。",
        "The mapping {mapping} works for tables with one output only. Use singleResult or resultList.",
    ),
    "hit_policy": ("不认识命中策略“{policy}”。", 'The hit policy "{policy}" is not known. Choose one of DMN 1.3.'),
    "aggregation": (
        "聚合“{aggregation}”只能与 COLLECT 一起使用。",
        'The aggregation "{aggregation}" is not possible here. Use SUM, MIN, MAX or COUNT with COLLECT.',
    ),
    "output_names": ("输出列缺失或重名。", "Outputs are missing or have the same name. Name each output."),
    "output_values": (
        "命中策略 {policy} 需要按优先级列出输出值。",
        "The hit policy {policy} needs the output values in order of priority. List them.",
    ),
    "too_many_rules": ("规则超过 {allowed} 行。请拆分决策表。", "The table has more than {allowed} rules. Split it."),
    "rule_width": (
        "第 {rule} 行的单元格数与列数不符。",
        "Row {rule} does not have one cell per column. Repair the row.",
    ),
    "cell": (
        "单元格“{expression}”不被接受：{reason}。请改正。",
        'The cell "{expression}" is not accepted: {reason}. Correct it.',
    ),
}


def word(finding: Finding, language: str = "zh") -> str:
    """The finding as a sentence in ``zh`` or ``en``, with what to do."""
    chinese, english = WORDS[finding.code]
    facts = {"element": finding.element or "", **finding.facts}
    return (chinese if language.startswith("zh") else english).format_map(_Facts(facts))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "–"
