"""Why an act was refused and what is wrong with an answer, in plain words of each language.

It refuses to know pages. Words of law are the pack's; these are ours.

Rules
1. Every code of a Refusal and of a Fault has its words in every language; a test holds it.
2. Ids in braces are shown by their names in the pack: a stage, a role, an act, an item.
"""

from __future__ import annotations

from collections.abc import Mapping

from licet.cases.deed import moves
from licet.cases.model import Event, Fault, Refusal
from licet.rulebook.procedure import Procedure

Words = Mapping[str, str]

REFUSALS: Mapping[str, Words] = {
    "no_such_act": {"zh": "没有“{act}”这一操作。", "en": "There is no act “{act}”."},
    "no_such_route": {"zh": "没有“{route}”这一途径。", "en": "There is no route “{route}”."},
    "other_side": {"zh": "此操作由另一方进行。", "en": "This is for the other side to do."},
    "not_yours": {"zh": "这不是贵单位的案件。", "en": "This case is not your organisation's."},
    "not_your_role": {
        "zh": "此操作需要以下角色：{roles}。",
        "en": "This takes the role: {roles}.",
    },
    "other_route": {"zh": "此途径没有这一操作。", "en": "This route has no such act."},
    "not_now": {
        "zh": "当前阶段（{stage}）不能进行此操作。",
        "en": "This cannot be done at the stage “{stage}”.",
    },
    "other_round": {
        "zh": "此操作不适用于本次事项。",
        "en": "This act does not belong to the matter under way.",
    },
    "four_eyes": {
        "zh": "审查与决定须由不同的人作出：您在本事项中已经“{did}”。",
        "en": "Who reviews does not decide: you did this before in the same matter, “{did}”.",
    },
    "not_heard": {
        "zh": "作出不利决定之前，须先告知对方并听取意见。",
        "en": "Before an adverse decision the holder is invited to be heard.",
    },
    "hearing_open": {
        "zh": "对方可以陈述意见至{until}，在此之前不能作出决定。",
        "en": "The holder may answer until {until}; nothing is decided before.",
    },
    "hearing_asked": {
        "zh": "对方要求听证，听证之后才能作出决定。",
        "en": "The holder asked for a hearing; it comes before the decision.",
    },
    "one_hearing": {
        "zh": "已有一项拟作出的决定正在听取意见。",
        "en": "The holder is already being heard on another proposal.",
    },
    "no_hearing": {"zh": "目前没有听取意见的事项。", "en": "There is nothing to be heard on."},
    "too_late": {
        "zh": "要求听证的期限已于{until}届满。",
        "en": "A hearing could be asked for until {until}.",
    },
    "checks_left": {
        "zh": "以下各项尚未审查：{checks}",
        "en": "These items have no finding on the version filed last: {checks}",
    },
    "extended_before": {"zh": "期限已经延长过一次。", "en": "The time was extended once already."},
    "incomplete": {
        "zh": "材料不齐全，请补充标明的各项。",
        "en": "The form is not complete; see what is marked.",
    },
    "nothing_filed": {"zh": "尚未提交材料。", "en": "Nothing has been filed."},
    "nothing_granted": {"zh": "尚未取得批准。", "en": "Nothing has been granted."},
    "findings_open": {
        "zh": "以下不符合项须附加条件，或者不予批准：{checks}",
        "en": "These items fail; each needs a condition, or the filing is not granted: {checks}",
    },
    "bad_data": {"zh": "请改正标明的各项。", "en": "Please correct what is marked."},
    "no_authority": {
        "zh": "本系统尚未与主管部门连接，无法提交。",
        "en": "This installation is not linked to an authority yet; nothing can be sent.",
    },
    "on_its_way": {
        "zh": "本案件已有一份报文正在发送，收到主管部门回执后才能继续。",
        "en": "Something about this case is on its way to the authority; wait for its answer.",
    },
}

FAULTS: Mapping[str, Words] = {
    "missing": {"zh": "请填写。", "en": "Please give this."},
    "no_such_field": {"zh": "表单没有这一项。", "en": "The form has no such question."},
    "no_such_check": {"zh": "审查清单没有这一项。", "en": "The checklist has no such item."},
    "no_such_provision": {
        "zh": "规则包中没有条款“{provision}”。",
        "en": "The pack has no provision “{provision}”.",
    },
    "not_asked": {"zh": "此操作不需要这一项。", "en": "This act does not ask for it."},
    "no_text": {"zh": "请填写文字。", "en": "Write text here."},
    "too_long": {"zh": "最多{max}个字符。", "en": "At most {max} characters."},
    "one_line": {"zh": "请写在一行内。", "en": "Write it in one line."},
    "wrong_form": {"zh": "格式不符，请看说明。", "en": "It does not have the form described."},
    "taken": {"zh": "此编号已有他用。", "en": "This number is taken."},
    "no_such_incident": {
        "zh": "没有编号为“{number}”的事件，请核对编号。",
        "en": "There is no incident “{number}”. Compare the number.",
    },
    "no_number": {"zh": "请填写非负整数。", "en": "Write a whole number, 0 or more."},
    "no_date": {"zh": "请填写日期，如2026-03-09。", "en": "Write a day, as 2026-03-09."},
    "no_moment": {
        "zh": "请填写带时区的时刻，如2026-03-09T10:30+08:00。",
        "en": "Write a moment with its time zone, as 2026-03-09T10:30+08:00.",
    },
    "no_yes_no": {"zh": "请选择是或者否。", "en": "Choose yes or no."},
    "no_choice": {"zh": "请从所列选项中选择。", "en": "Choose from the list."},
    "no_email": {"zh": "请填写邮箱地址。", "en": "Write an e-mail address."},
    "no_url": {"zh": "请填写以 https:// 开头的网址。", "en": "Write an address with https://."},
    "not_alone": {
        "zh": "此措施须由人员决定，系统不能单独采取。",
        "en": "A person decides this step; the system may not take it alone.",
    },
    "past": {"zh": "不能早于现在。", "en": "This lies in the past."},
    "too_late_a_day": {
        "zh": "此措施最长{hours}小时。",
        "en": "This step lasts {hours} hours at most.",
    },
    "changes_nothing": {
        "zh": "候选策略包与现行策略包相同。",
        "en": "The candidate is the bundle that serves already.",
    },
    "other_candidate": {
        "zh": "验证的不是所提出的候选方案。",
        "en": "This proves another candidate than the one that was named.",
    },
    "too_many_names": {"zh": "最多写{max}个编号。", "en": "At most {max} names in one order."},
    "named_twice": {"zh": "编号不能重复。", "en": "Name each once."},
    "no_name": {
        "zh": "“{name}”不是案件编号、账户化名或者档案部分；指令不能按主题查找。",
        "en": "“{name}” is no case number, no pseudonym and no section: an order can't search.",
    },
    "no_section": {
        "zh": "档案没有密封部分“{name}”。",
        "en": "The dossier has no sealed section “{name}”.",
    },
    "not_next": {"zh": "版本号必须依次递增。", "en": "Versions are counted one by one."},
    "same_version": {
        "zh": "与上一版本相同，没有变化。",
        "en": "Nothing differs from the version before.",
    },
    "same_share": {"zh": "这一份额已经交付。", "en": "This share was given already."},
    "no_file": {"zh": "请上传文件。", "en": "Attach a file."},
}

HAPPENED: Mapping[str, Words] = {
    "opened": {"zh": "开始填报", "en": "Began the application"},
    "lapsed": {"zh": "期限届满（{clock}）：{stage}", "en": "The time was over ({clock}): {stage}"},
    "upstream_changed": {
        "zh": "上游备案{upstream}：{stage}",
        "en": "Upstream filing {upstream}: {stage}",
    },
}
"""What happens by itself; what people do is worded by the pack."""


def told(event: Event, language: str, procedure: Procedure) -> str:
    """The event as a line of a case's history."""
    if event.kind in procedure.acts:
        return procedure.acts[event.kind].done[language]
    params = {"clock": "", "upstream": "", "stage": ""}
    if "clock" in event.data:
        params["clock"] = procedure.clocks[event.data["clock"]].name[language]
        params["stage"] = _named(", ".join(moves(event).values()), language, procedure)
    if "flag" in event.data:
        params["upstream"] = event.data["flag"]["upstream"]
        params["stage"] = _name(event.data["flag"]["stage"], language, procedure)
    return HAPPENED[event.kind][language].format(**params)


def said(refusal: Refusal, language: str, procedure: Procedure) -> str:
    """The refusal as a sentence for the person who was refused."""
    names = {key: _named(value, language, procedure) for key, value in refusal.params.items()}
    return REFUSALS[refusal.code][language].format(**{"act": refusal.act, **names})


def said_of(fault: Fault, language: str) -> str:
    """What is wrong with one answer, as a sentence beside it."""
    return FAULTS[fault.code][language].format(**fault.params)


def _named(value: str, language: str, procedure: Procedure) -> str:
    return ("、" if language == "zh" else ", ").join(
        _name(one, language, procedure) for one in value.split(", ")
    )


def _name(name: str, language: str, procedure: Procedure) -> str:
    if name in procedure.stages:
        return procedure.stages[name].name[language]
    if name in procedure.parties:
        return procedure.parties[name].name[language]
    if name in procedure.acts:
        return procedure.acts[name].done[language]
    if name in procedure.checks:
        return procedure.checks[name].question[language]
    return name
