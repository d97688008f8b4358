"""What the page of a case says, in Chinese and in English.

It refuses to know HTML and cases. Reasons, categories and provisions are the pack's words, not
these; a test finds every field in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from licet.base.clock import utc_offset
from licet.base.day_words import en_day, zh_day
from licet.rulebook.grounds import Cite


@dataclass(frozen=True, slots=True)
class Words:
    """The page in one language. `tag` is its BCP 47 tag, `name` what it calls itself."""

    tag: str
    name: str
    site: str
    stopped: Mapping[str, str]
    """Heading by kind of case: `refused`, `halted`; also `""` for any other."""
    what: Mapping[str, str]
    """What was stopped, by kind."""
    reason: str
    by_machine: str
    case: str
    when: str
    which: str
    category: str
    rule: str
    unjudged: str
    grounds: str
    ours: str
    official: str
    unconfirmed: str
    no_grounds: str
    appeal: str
    invite: str
    desk: str
    desk_help: str
    label: str
    hint: str
    send: str
    no_more: str
    left: str
    sent: str
    sent_one: str
    received: str
    next: str
    steps: tuple[str, ...]
    published: str
    elsewhere: str
    kept: str
    sealed: str
    destroyed: str
    private: str
    fault: str
    empty: str
    long: str
    unreadable: str
    unknown: str
    unknown_help: str
    busy: str
    busy_help: str
    render_moment: Callable[[datetime], str]
    render_day: Callable[[datetime], str]
    render_cite: Callable[[Cite], str]


def _zh_cite(cite: Cite) -> str:
    paragraph = f"第{cite.paragraph}款" if cite.paragraph else ""
    item = f"第{cite.item}项" if cite.item else ""
    return f"第{cite.article}条{paragraph}{item}"


def _en_cite(cite: Cite) -> str:
    paragraph = f", paragraph {cite.paragraph}" if cite.paragraph else ""
    item = f", item {cite.item}" if cite.item else ""
    return f"Article {cite.article}{paragraph}{item}"


ZH = Words(
    tag="zh-CN",
    name="中文",
    site="内容处置告知与申诉",
    stopped={
        "refused": "一条提示被拦截",
        "halted": "一段回答被拦截",
        "": "一项内容被拦截",
    },
    what={
        "refused": "提示（发送给模型的内容）",
        "halted": "回答（模型生成的内容）",
        "": "内容",
    },
    reason="原因",
    by_machine="这一处置由程序自动作出，可能有误。",
    case="案件编号",
    when="时间",
    which="被拦截的内容",
    category="类别",
    rule="规则编号",
    unjudged="未能完成审核",
    grounds="依据",
    ours="以上为转述，不是官方文本。",
    official="查阅官方文本",
    unconfirmed="转述尚未与官方文本核对。",
    no_grounds="未认定内容违反任何规定。内容未能及时完成审核，而未经审核的内容不予放行。",
    appeal="申诉",
    invite="如果您认为处置有误，请说明理由。无需注册账号，凭案件编号即可申诉。",
    desk="向服务提供者申诉",
    desk_help="申诉由服务提供者的工作人员在公布的时限内答复。无需注册账号；提交后得到编号和查询码，凭此查看答复、补充说明或者请主管部门处理。",
    label="申诉理由",
    hint="最多{most}字。请勿填写密码、证件号码等个人信息。",
    send="提交申诉",
    no_more="本案的申诉已达{most}份，将一并审阅，不再接收新的申诉。",
    left="还可以补充{count}份。",
    sent="已收到的申诉",
    sent_one="第{number}份，收到于{when}",
    received="已收到您的申诉",
    next="接下来",
    steps=(
        "申诉由人审阅并作出决定，不由机器决定。",
        "审阅者将对照上述规则和依据，考虑您的理由。",
        "请保存案件编号：询问处理结果时需要它。",
    ),
    published="处理时限以服务提供者公布的为准。",
    elsewhere="您也可以向主管部门投诉、举报（{cite}）。",
    kept="关于这一页",
    sealed="被拦截内容的片段已加密封存，不在此显示，将于{day}前后销毁。",
    destroyed="被拦截内容的片段已经销毁。",
    private="任何人知道案件编号都能打开此页，请勿公开编号。此页不使用 Cookie，也不运行脚本。",
    fault="申诉未能提交",
    empty="请写明理由。",
    long="理由超过{most}字，请缩短，或者分几份提交。",
    unreadable="无法读取提交的内容，请在此重新填写。",
    unknown="没有这个案件",
    unknown_help="请核对案件编号，其形式如 {example}，不含字母 I、L、O、U。",
    busy="暂时无法打开案件",
    busy_help="请稍后再试。案件仍在，申诉的权利不受影响。",
    render_moment=lambda at: f"{zh_day(at)} {at:%H:%M}（{utc_offset(at)}）",
    render_day=zh_day,
    render_cite=_zh_cite,
)

EN = Words(
    tag="en",
    name="English",
    site="Notice and appeal",
    stopped={
        "refused": "A prompt was stopped",
        "halted": "An answer was stopped",
        "": "Something was stopped",
    },
    what={
        "refused": "A prompt (what was sent to the model)",
        "halted": "An answer (what the model wrote)",
        "": "Content",
    },
    reason="Reason",
    by_machine="A program made this decision, and it may be wrong.",
    case="Case number",
    when="When",
    which="What was stopped",
    category="Category",
    rule="Rule",
    unjudged="Could not be checked",
    grounds="What this rests on",
    ours="In our own words; this is not the official text.",
    official="Read the official text",
    unconfirmed="Not yet compared with the official text.",
    no_grounds="Nothing was found against the content. It could not be checked in time, and what"
    " is unchecked is not let through.",
    appeal="Appeal",
    invite="If you think that this was wrong, say why. You need no account: the case number is"
    " enough.",
    desk="Appeal to the provider",
    desk_help="People at the provider answer within published time limits. You need no account:"
    " you are given a number and a code, with which you read the answer, say more, or ask the"
    " authority.",
    label="Why this was wrong",
    hint="Up to {most} characters. Leave out passwords, identity numbers and other personal"
    " details.",
    send="Send appeal",
    no_more="This case has {most} appeals. They are read together, and no more can be added.",
    left="You can add {count} more.",
    sent="Appeals received",
    sent_one="No. {number}, received {when}",
    received="Your appeal was received",
    next="What happens next",
    steps=(
        "A person decides, not a machine.",
        "They weigh your reasons against the rule and the provisions above.",
        "Keep the case number: you need it to ask about the outcome.",
    ),
    published="The time limit is the one that the provider of the service has published.",
    elsewhere="You may also complain to the authorities ({cite}).",
    kept="About this page",
    sealed="The part that was stopped is kept sealed. It is not shown here, and it is destroyed"
    " about {day}.",
    destroyed="The part that was stopped has been destroyed.",
    private="Whoever knows the case number can open this page: do not publish it. The page sets no"
    " cookies and runs no scripts.",
    fault="Your appeal was not sent",
    empty="Say why the decision was wrong.",
    long="Your reasons have more than {most} characters: shorten them, or send them in parts.",
    unreadable="What was sent could not be read: please write it here again.",
    unknown="There is no such case",
    unknown_help="Check the case number: it looks like {example}, without the letters I, L, O"
    " and U.",
    busy="The case cannot be opened just now",
    busy_help="Please try again later. The case is kept, and so is your right to appeal.",
    render_moment=lambda at: f"{en_day(at)}, {at:%H:%M} ({utc_offset(at)})",
    render_day=en_day,
    render_cite=_en_cite,
)

WORDS: Mapping[str, Words] = {"zh": ZH, "en": EN}
