"""What was translated in a file of another tool, in words: what was changed and why. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

DIALECT_WORDS: Mapping[str, tuple[str, str]] = {
    "notes_cut": (
        "翻译了 {allowed} 处以上；其余未逐条列出。",
        "More than {allowed} places were translated; the others are not listed one by one.",
    ),
    # ids and references
    "prefixes_removed": (
        "已去掉 {count} 处引用的命名空间前缀：这里按 id 引用。",
        "The prefix of {count} references was taken off: elements are referred to by their id here.",
    ),
    "id_given": (
        "该 {type} 没有 id，已按其位置命名为“{element}”。",
        'The {type} has no id. It is called "{element}" after its place in the file.',
    ),
    "flow_ids_given": (
        "{count} 条连线没有 id，已自动编号：否则它们会被忽略。",
        "{count} sequence flows have no id and were numbered: they would get lost otherwise.",
    ),
    "flow_dropped": (
        "连线指向文件中不存在的“{reference}”，已删除该连线。",
        'The flow refers to "{reference}", which is nowhere in the file. It was dropped.',
    ),
    "flow_renamed": (
        "连线 id“{reference}”重复，这一条已改名为“{element}”。",
        'The flow id "{reference}" is used twice. This flow is called "{element}" now.',
    ),
    "node_renamed": (
        "节点 id“{reference}”在另一作用域中已使用，此处改名为“{element}”。",
        'The id "{reference}" is used in another scope. This node is called "{element}" now.',
    ),
    "default_dropped": (
        "默认连线“{reference}”不存在，已忽略。",
        'The default flow "{reference}" does not exist and is ignored.',
    ),
    "reference_by_name": (
        "{kind}“{reference}”按名称引用，已改为按 id 引用。",
        'The {kind} "{reference}" is referred to by its name; the one of that name is meant.',
    ),
    "reference_is_code": (
        "没有定义 {kind}“{reference}”，已把它当作代码。",
        'There is no {kind} "{reference}"; the text itself is taken as its code.',
    ),
    "data_ignored": (
        "{count} 个数据对象或数据存储不起作用：数据是流程变量。",
        "{count} data objects or stores have no effect: data are process variables here.",
    ),
    "data_mapped": (
        "数据输入输出已翻译为参数。",
        "Data inputs and outputs were translated to input and output parameters.",
    ),
    # drawings
    "made_executable": (
        "流程“{element}”未标为可执行，已按要求或因为它是文件中唯一的流程而设为可执行。",
        'Process "{element}" is not marked as executable. It was made so because that was asked for, or because it is '
        "the only process of the file.",
    ),
    "process_left_out": (
        "流程“{element}”未标为可执行，没有部署。",
        'Process "{element}" is not marked as executable and is not deployed.',
    ),
    "done_by_hand": (
        "图中的 {type} 没有说明由什么程序执行，改为由人办理。",
        "The {type} of this drawing names no program, so a person does it.",
    ),
    "loop_dropped": (
        "多实例没有集合也没有次数，已忽略。",
        "The multi-instance marker names neither a collection nor a number and is ignored.",
    ),
    "start_by_hand": (
        "开始事件的 {type} 没有内容，改为由人启动。",
        "The {type} of the start event says nothing more, so the process is started by hand.",
    ),
    "event_passes": (
        "事件的 {type} 没有内容，流程直接通过。",
        "The {type} of the event says nothing more; the process passes through.",
    ),
    "waits_for_message": (
        "事件没有说明等待什么，改为等待消息“{name}”。",
        'The event does not say what it waits for. It waits for the message "{name}".',
    ),
    "condition_is_remark": (
        "条件“{expression}”不是表达式，作为说明保留，由人选择。",
        'The condition "{expression}" is no expression. It is kept as a remark, and a person chooses.',
    ),
    # gateways and starts
    "always_taken": (
        "包容网关“{gateway}”的连线没有条件，总是执行。",
        'The flow of inclusive gateway "{gateway}" has no condition and is always taken.',
    ),
    "flow_is_default": (
        "网关“{gateway}”只有这一条连线没有条件，作为默认连线。",
        'This is the only flow of gateway "{gateway}" without a condition. It is the default flow.',
    ),
    "choice_asked": (
        "网关的 {count} 条连线没有条件，由人选择：已在前面加了一个任务。",
        "{count} flows of the gateway have no condition. A person chooses, in a task put in front of it.",
    ),
    "start_by_message": (
        "有多个开始事件；从这里开始请发送消息“{name}”。",
        'There are several start events. To begin here, send the message "{name}".',
    ),
    # attributes and extensions
    "attribute_translated": (
        "属性 {attribute}（{value}）已按本系统的含义采用。",
        "The attribute {attribute} ({value}) was taken over.",
    ),
    "extension_translated": ("扩展 {type} 已按本系统的含义采用。", "The extension {type} was taken over."),
    "role_translated": (
        "{type}“{value}”已翻译为办理人或候选组。",
        'The {type} "{value}" was translated to an assignee or candidates.',
    ),
    "lane_is_group": (
        "任务没有指明办理人，由泳道“{group}”的组办理。",
        'The task names nobody; the group of its lane, "{group}", works on it.',
    ),
    "loop_translated": (
        "多实例的集合已翻译。",
        "The collection of the multi-instance was translated.",
    ),
    "retries_translated": (
        "作业最多尝试 {attempts} 次；间隔由本系统决定。",
        "The job is attempted {attempts} times at most; how long to pause in between is decided here.",
    ),
    # work for programs
    "service_topic": (
        "这里不运行 {said}；改为主题“{topic}”的外部任务，由程序办理。",
        '{said} does not run here. It is an external task with the topic "{topic}", for a program to do.',
    ),
    "service_computed": (
        "表达式“{expression}”由引擎计算，结果为变量“{name}”。",
        'The expression "{expression}" is computed by the engine; its value is the variable "{name}".',
    ),
    "result_by_worker": (
        "变量“{name}”须由主题“{topic}”的程序返回。",
        'The variable "{name}" must be returned by the program that serves the topic "{topic}".',
    ),
    "field_is_parameter": (
        "注入字段“{name}”改为输入参数。",
        'The injected field "{name}" is an input parameter.',
    ),
    "parameter_translated": (
        "参数“{name}”的列表或映射改为一个表达式。",
        'The list or map of the parameter "{name}" was translated to an expression.',
    ),
    "script_translated": (
        "{language} 脚本只设置变量，已翻译。",
        "The {language} script only sets variables and was translated.",
    ),
    "script_external": (
        "{language} 脚本不在这里运行；改为主题“{topic}”的外部任务，请由程序办理或重写脚本。",
        "Scripts in {language} do not run here. It is an external task with the topic "
        '"{topic}": serve it or rewrite the script.',
    ),
    "printing_dropped": (
        "只输出文字的脚本已忽略。",
        "A script that only prints was ignored.",
    ),
    "script_moved": (
        "任务前后（{place}）的脚本改为单独的脚本任务。",
        "The script {place} the task is a script task of its own.",
    ),
    "script_at_border": (
        "不支持此处的脚本（{type}）。请画成脚本任务。",
        "A script is not supported here ({type}). Draw a script task.",
    ),
    # expressions and timers
    "expression_translated": (
        "表达式“{before}”已翻译为“{after}”。",
        'The expression "{before}" was translated to "{after}".',
    ),
    "timer_translated": ("时间“{before}”已写为“{after}”。", 'The time "{before}" is written as "{after}".'),
    # forms
    "form_made": (
        "已由图中的 {count} 个字段生成表单“{form_key}”；一起部署同名表单可代替它。",
        'The form "{form_key}" was made from {count} fields in the diagram. Deploy a form of that name to replace it.',
    ),
    "field_dropped": (
        "字段“{name}”无法作为变量，已忽略。",
        'The field "{name}" can\'t be a variable here and is left out. Use letters, digits and underscores.',
    ),
    "field_type": (
        "字段“{name}”的类型 {type} 未知，按文本处理。",
        'The type {type} of the field "{name}" is not known; it is a text.',
    ),
    "field_rule": (
        "字段“{name}”的规则 {rule} 不起作用。",
        'The rule {rule} of the field "{name}" has no effect here.',
    ),
    "foreign_name": (
        "表达式“{expression}”使用了 {name}，这里没有。请改用流程变量。",
        'The expression "{expression}" uses {name}, which does not exist here. Use a process variable.',
    ),
}
