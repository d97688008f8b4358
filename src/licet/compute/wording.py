"""Answers and reasons as sentences, in Chinese and English. Pure.

It refuses to decide; it says what `answer` and `explain` found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from licet.compute.explain import Reason

LANGS = ("zh", "en")

UNFIT: Mapping[str, Mapping[str, str]] = {
    "kind": {"zh": "没有给出该类加速器的速度", "en": "no speed is given for this kind"},
    "memory": {"zh": "显存不足", "en": "too little memory"},
    "interconnect": {"zh": "互联不符合要求", "en": "another interconnect than asked for"},
    "region": {"zh": "不在允许的地区", "en": "outside the regions allowed"},
    "gang": {"zh": "同时可用的加速器不够", "en": "too few accelerators together"},
    "closed": {"zh": "资源池已关闭", "en": "the pool has closed"},
    "late": {"zh": "开放时已过截止时间", "en": "it opens after the deadline"},
    "hours": {"zh": "任务不可中断，而资源池在完成前关闭", "en": "it closes before this could end"},
    "withdrawn": {"zh": "供给方已撤回", "en": "withdrawn by its supplier"},
    "origin": {"zh": "未证明为国产", "en": "not attested as domestic"},
}
DECLINED: Mapping[str, Mapping[str, str]] = {
    "no_pool": {"zh": "没有一个资源池符合要求", "en": "no pool meets the need"},
    "alone_too_late": {
        "zh": "即使无人竞争，也无法在截止时间前完成",
        "en": "it would miss the deadline even with nobody else there",
    },
    "too_late": {
        "zh": "现有任务之外，余下的算力不足以在截止时间前完成",
        "en": "what others leave is too little to meet the deadline",
    },
    "begins_late": {
        "zh": "无法在要求的时间前开始",
        "en": "it could not begin by the moment asked for",
    },
    "over_budget": {"zh": "费用超出预算", "en": "it costs more than the budget"},
    "delays_others": {
        "zh": "会使已承诺的任务错过截止时间",
        "en": "others who were accepted would miss their deadlines",
    },
}
BASIS: Mapping[str, Mapping[str, str]] = {
    "measured": {"zh": "依据实测速度", "en": "on measured speeds"},
    "customer": {"zh": "依据客户提供的速度", "en": "on the customer's word for speeds"},
    "assumed": {"zh": "依据假定速度", "en": "on assumed speeds"},
}
WHY: Mapping[str, Mapping[str, str]] = {
    "all": {"zh": "全部时间，最快的加速器", "en": "all of its time on its fastest kind"},
    "share": {
        "zh": "得到平均份额的 {times:.2f} 倍",
        "en": "{times:.2f} times what an equal split would do",
    },
    "spare": {
        "zh": "本轮没有份额，使用空闲的加速器",
        "en": "no share now; it runs on what is left over",
    },
    "waits": {"zh": "等待：可用的加速器都已占用", "en": "waits: all that it could use is taken"},
    "limit": {"zh": "等待：账户已达到同时使用的上限", "en": "waits: its account holds its most"},
    "cannot": {"zh": "没有可用的加速器", "en": "nothing here can run it"},
}
BILL: Mapping[str, Mapping[str, str]] = {
    "unknown": {"zh": "我方没有这项任务", "en": "unknown to us"},
    "twice": {"zh": "重复计费", "en": "billed twice"},
    "lost": {"zh": "任务中断，不应收费", "en": "lost, and free of charge"},
    "pool": {"zh": "资源池不符", "en": "another pool"},
    "seconds": {"zh": "用量不符", "en": "another use"},
    "fen": {"zh": "金额不符", "en": "another price"},
    "not_billed": {"zh": "账单中没有", "en": "not in the bill"},
}
LEVEL = {
    "zh": "规则保证每个任务至少 {level:.2f} 倍",
    "en": "the rule gives everybody {level:.2f} times at least",
}
SCARCE = {"zh": "紧缺：{pools}", "en": "scarce: {pools}"}
BEFORE = {"zh": "主要占用者：{accounts}", "en": "held mostly by {accounts}"}
_STOP = {"zh": "；", "en": "; "}
_COMMA = {"zh": "、", "en": ", "}


def say_reason(
    reason: Reason, pools: Sequence[str], accounts: Mapping[int, str], lang: str
) -> str:
    """Why a job has what it has: one line without a full stop. `pools`: names of columns."""
    parts = [WHY[reason.why][lang].format(times=reason.times_even)]
    if reason.level > 0 and reason.why in {"share", "waits", "spare"}:
        parts.append(LEVEL[lang].format(level=reason.level))
    if reason.scarce:
        names = _COMMA[lang].join(pools[kind] for kind, _ in reason.scarce)
        parts.append(SCARCE[lang].format(pools=names))
    if reason.before:
        names = _COMMA[lang].join(accounts.get(one, "—") for one, _ in reason.before)
        parts.append(BEFORE[lang].format(accounts=names))
    return _STOP[lang].join(parts)
