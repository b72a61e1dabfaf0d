"""Words of findings about the variables by which instances can be found. Chinese first, English second."""

from __future__ import annotations

from collections.abc import Mapping

SEARCH_WORDS: Mapping[str, tuple[str, str]] = {
    "search_variables_many": (
        "流程“{element}”声明了过多的查询变量，最多 {allowed} 个。请删除一些。",
        'The process "{element}" declares too many search variables; {allowed} are allowed. Remove some.',
    ),
    "search_variable_name": (
        "查询变量“{name}”不是变量名。请用逗号分隔各变量名。",
        'The search variable "{name}" is no name of a variable. Write names with commas between them.',
    ),
    "search_variable_confidential": (
        "变量“{name}”在表单“{form_key}”中是保密字段，不能用于查询。请从 searchVariables 中删除它。",
        'The form "{form_key}" keeps "{name}" confidential: nobody may search by it. Remove it from searchVariables.',
    ),
}
