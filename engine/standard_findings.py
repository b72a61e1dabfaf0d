"""Words of findings about what BPMN 2.0 allows and is not run here. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

STANDARD_WORDS: Mapping[str, tuple[str, str]] = {
    "attribute_value": (
        "不支持 {type} 的 {attribute}=“{value}”，只能是 {allowed}。请改正。",
        'At a {type} {attribute}="{value}" is not supported, only {allowed}. Change it.',
    ),
    "timer_several": (
        "定时器只能有一个时间：日期、时长或循环。请删除其余的。",
        "A timer has one time: a date, a duration or a cycle. Remove the others.",
    ),
    "default_condition": (
        "默认连线的条件“{expression}”不起作用。请删除条件，或另选默认连线。",
        'The condition "{expression}" of a default flow has no effect. Remove it, or choose another default.',
    ),
    "link_flow": (
        "链接抛出事件不能有流出连线，链接捕获事件不能有流入连线。请删除连线。",
        "A throwing link has no outgoing flow and a catching link no incoming one. Remove the flow.",
    ),
    "handler_twice": (
        "“{reference}”已经捕获同一个{kind}，这里永远不会执行。请改用别的代码或删除。",
        'The same {kind} is already caught at "{reference}", so this never runs. Use another code or remove it.',
    ),
    "compensation_event_place": (
        "补偿事件子流程补偿它所在的子流程，因此须直接放在子流程或事务里，不能放在流程或另一个补偿处理里。"
        "请画一个子流程，把它和要补偿的步骤一起放进去。",
        "A compensation event sub-process undoes the sub-process it lies in; it can't lie in a process or in what "
        "undoes something itself. Draw a sub-process around it and the steps it undoes.",
    ),
    "compensation_twice": (
        "同一活动已由“{reference}”补偿，只能有一个补偿处理。请删除其中一个。",
        'The activity is undone by "{reference}" already, and only one can undo it. Remove one of them.',
    ),
    "cancel_not_interrupting": (
        '取消边界事件总是中断事务。请去掉 cancelActivity="false"。',
        'A cancel boundary event always ends its transaction. Remove cancelActivity="false".',
    ),
    "error_not_caught": (
        "流程里没有事件捕获错误“{error}”。除非由另一个流程调用，否则只有这条路径结束。",
        'Nothing in this process catches the error "{error}". Unless another process calls this one, only this path '
        "ends here. Add a boundary event or an event sub-process.",
    ),
}
