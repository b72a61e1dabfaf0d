"""Why tokens can't be moved or instances migrated as asked, in words. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

REPAIR_WORDS: Mapping[str, tuple[str, str]] = {
    "move_no_order": (
        "没有可执行的修改指令。请至少给出一条取消或启动指令。",
        "There is nothing to change. Give at least one order to cancel or to start.",
    ),
    "move_no_node": (
        "流程里没有节点“{element}”。请核对节点 id。",
        'The process has no node "{element}". Check its id.',
    ),
    "move_no_flow": (
        "流程里没有连线“{element}”。请核对连线 id。",
        'The process has no sequence flow "{element}". Check its id.',
    ),
    "move_no_token": (
        "实例里没有令牌 {token}。它可能已经前进，请刷新后重试。",
        "The instance has no token {token}. It may have gone on; look again.",
    ),
    "move_not_there": (
        "实例当前不在节点“{element}”。请刷新后选择它所在的节点。",
        'The instance does not stand at "{element}". Look again and choose where it stands.',
    ),
    "move_compensates": (
        "“{element}”是补偿处理，不能单独启动。请启动触发补偿的事件。",
        '"{element}" undoes another activity and can\'t be started by itself. Start the event that asks for it.',
    ),
    "move_compensating": (
        "“{element}”正在补偿，不能取消。请先完成它。",
        '"{element}" is undoing another activity and can\'t be cancelled. Complete it first.',
    ),
    "move_after": (
        "节点“{element}”有 {flows} 条流出连线，无法确定走哪条。请按连线启动。",
        '"{element}" has {flows} outgoing flows. Start along one of them instead.',
    ),
    "move_several_scopes": (
        "“{element}”当前打开了 {count} 个。请指明在哪一个里启动。",
        '{count} of "{element}" are open. Say in which of them to start.',
    ),
    "move_no_body": (
        "多实例“{element}”尚未运行，不能在其中启动。请先启动整个多实例。",
        'The repeated "{element}" does not run, so nothing can start inside. Start the whole of it first.',
    ),
    "move_sequential": (
        "“{element}”逐个执行，不能再加一个。请修改它的集合或启动整个多实例。",
        '"{element}" does one after the other, so none can be added. Start the whole of it again.',
    ),
    "move_too_many": (
        "“{element}”已有 {allowed} 个实例，不能再加。",
        '"{element}" has {allowed} instances already. Complete some first.',
    ),
    "move_stuck": (
        "修改后流程会停在汇聚“{element}”，等不到另一分支。请一并移动或取消它。",
        'The instance would wait at the join "{element}" for a branch that never comes. Move or cancel that token too.',
    ),
    "move_nothing_left": (
        "这些指令不启动任何节点。请至少启动一个节点。",
        "The orders start nothing. Start at least one node.",
    ),
    "migrate_no_source": (
        "原版本没有节点“{element}”。请删除这条映射。",
        'The version it comes from has no node "{element}". Remove the line.',
    ),
    "migrate_no_target": (
        "目标版本没有节点“{target}”。请选择存在的节点。",
        'The version it goes to has no node "{target}". Choose one that is there.',
    ),
    "migrate_type": (
        "“{element}”是 {type}，“{target}”是 {other}，类型不同。请映射到同类节点。",
        '"{element}" is a {type}, "{target}" a {other}. Map it to a node of the same kind.',
    ),
    "migrate_scope": (
        "“{element}”与“{target}”不在相互对应的子流程里。请同时映射所在子流程，或选别的节点。",
        '"{element}" and "{target}" lie in different sub-processes. Map those around them too, or choose another node.',
    ),
    "migrate_loop": (
        "“{element}”与“{target}”的多实例方式不同。请映射到同样方式的节点。",
        '"{element}" and "{target}" are not repeated in the same way. Map it to a node that is.',
    ),
    "migrate_event": (
        "“{element}”等待 {event}，“{target}”等待 {other}。请映射到同类事件。",
        '"{element}" waits for a {event}, "{target}" for a {other}. Map it to an event of the same kind.',
    ),
    "migrate_boundary": (
        "边界事件“{target}”不在对应的活动上。请同时映射它所在的活动。",
        'The boundary event "{target}" hangs on another activity. Map the activities to each other.',
    ),
    "migrate_flows": (
        "“{element}”有 {count} 条流入连线，“{target}”更少。请映射到连线不少于它的汇聚。",
        '"{element}" has {count} incoming flows and "{target}" fewer. Map it to a join with at least as many.',
    ),
    "migrate_twice": (
        "已有别的节点映射到“{target}”。汇聚和子流程只能一对一映射。",
        'Another node is mapped to "{target}" already. Map joins and sub-processes one to one.',
    ),
    "migrate_unmapped": (
        "实例正停在“{element}”，而它没有映射。请给它指定目标节点。",
        'The instance waits at "{element}", which is not mapped. Say where it goes.',
    ),
    "migrate_compensation": (
        "已完成的“{element}”在目标版本里无法补偿。请映射到带补偿的活动。",
        'What "{element}" did could not be undone in the other version. Map it to an activity with compensation.',
    ),
}
