"""The permissions there are, with their names for people. Which role has which is data (``role_permission``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """``name`` is what code asks for; the title is shown where roles are edited."""

    name: str
    title_zh: str
    title_en: str

    def title(self, language: str) -> str:
        """The title in ``language`` (zh or en)."""
        return self.title_zh if language.startswith("zh") else self.title_en


_ALL = (
    Permission("task.work", "办理自己的任务", "Work on own tasks"),
    Permission("task.reassign", "在本部门范围内改派任务", "Reassign tasks within the own departments"),
    Permission("case.view_subtree", "查看本部门及下级部门的业务", "See cases of the own department and those below"),
    Permission("complaint.register", "登记投诉", "Register complaints"),
    Permission("complaint.view_all", "查看全部投诉", "See all complaints"),
    Permission("complaint.export", "导出投诉", "Export complaints"),
    Permission("complaint.import", "导入投诉", "Import complaints"),
    Permission("lead.capture", "登记线索", "Capture leads"),
    Permission("lead.view_all", "查看全部线索", "See all leads"),
    Permission("lead.claim", "从公海领取线索", "Claim leads from the pool"),
    Permission("lead.reassign", "在本部门范围内改派线索", "Reassign leads within the own departments"),
    Permission("lead.export", "导出线索", "Export leads"),
    Permission("lead.import", "导入线索", "Import leads"),
    Permission("matter.register", "登记客户事项", "Register customer matters"),
    Permission("matter.view_all", "查看全部客户事项", "See all customer matters"),
    Permission("matter.export", "导出客户事项", "Export customer matters"),
    Permission("matter.import", "导入客户事项", "Import customer matters"),
    Permission("survey.manage", "发起客户调查", "Open surveys of customers"),
    Permission("customer.view", "查看客户", "See customers"),
    Permission("customer.edit", "维护客户", "Edit customers"),
    Permission("penalty.view", "查看处罚记录", "See penalties"),
    Permission("monitor.view", "查看流程监控", "See the control room"),
    Permission("monitor.export", "导出流程监控数据", "Export from the control room"),
    Permission("process.view", "查看流程定义", "See process definitions"),
    Permission("process.deploy", "部署流程", "Deploy processes"),
    Permission("instance.cancel", "取消流程实例", "Cancel process instances"),
    Permission("job.execute", "立即执行作业", "Run jobs at once"),
    Permission("instance.repair", "修复流程实例", "Repair process instances"),
    Permission("external_task.work", "以外部程序办理服务任务", "Work on service tasks as a program"),
    Permission("calendar.manage", "维护工作日历", "Edit working calendars"),
    Permission("notification.manage", "管理外发通知和团队渠道", "Manage what is sent out and channels of teams"),
    Permission("account.manage", "管理用户、用户组和角色", "Manage users, groups and roles"),
)

PERMISSIONS: Mapping[str, Permission] = {permission.name: permission for permission in _ALL}
"""Every permission by name, in the order in which they are shown."""

ADMINISTRATION = "account.manage"
"""Who holds it is an administrator. At least one active person always does."""

SUPERVISING = frozenset({"case.view_subtree", "task.reassign"})
"""Who holds these supervises the own department and those below; who holds only the first works there."""
