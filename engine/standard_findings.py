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
