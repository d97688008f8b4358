"""What a report says, in both languages. Words alone; keys are those of the document."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Words = Mapping[str, str]


def _table(rows: Mapping[str, tuple[str, str]]) -> Mapping[str, Words]:
    return MappingProxyType({key: {"en": en, "zh": zh} for key, (en, zh) in rows.items()})


_METHOD_EN = (
    "Bounds are those of Clopper and Pearson: at the stated confidence, the true share lies "
    "within. A clause conforms only where chance is ruled out. Every figure can be recomputed "
    "from the answers."
)
_METHOD_ZH = (
    "置信限采用 Clopper–Pearson 精确法：在所述置信水平下，真实比例位于限内。"
    "只有排除偶然因素才判为符合。所有数字均可由回答记录重新计算。"
)

VERDICTS = _table(
    {
        "conforms": ("Conforms", "符合"),
        "does_not": ("Does not conform", "不符合"),
        "not_applicable": ("Not applicable", "不适用"),
        "not_enough_data": ("Not enough data", "数据不足"),
    }
)
PARTS = _table(
    {
        "service": ("What the service answers", "服务的回答"),
        "material": ("What it was made and is tested with", "训练数据与题库"),
    }
)
WHY = _table(
    {
        "shown": (
            "The sample is large enough and chance is ruled out.",
            "样本量足够，且可排除偶然因素。",
        ),
        "beyond_chance": ("It misses the limit, and not by chance.", "未达到限值，且并非偶然。"),
        "by_the_letter": (
            "The observed share misses the limit on a sample as large as asked for.",
            "在规定的样本量下，观测比例未达到限值。",
        ),
        "sample_too_small": (
            "Fewer items than the standard asks for.",
            "样本量少于标准要求。",
        ),
        "chance_not_ruled_out": (
            "The observed share meets the limit, but it may be so by chance: take more items.",
            "观测比例达到限值，但不能排除偶然因素，请增加样本。",
        ),
        "detector_errs": (
            "The observed share meets the limit; corrected for the detector's error it may not.",
            "观测比例达到限值，但按检测器自身误差修正后未必达到。",
        ),
        "nothing_measured": ("Nothing was measured.", "尚无测量结果。"),
        "labelled_once": (
            "Only one person labelled: nobody can say how far people would agree.",
            "只有一人标注，无法得知标注者之间是否一致。",
        ),
        "shown_despite_doubt": (
            "Shown even when every pair on which people differ counts against the service.",
            "即使把标注不一致的样本全部计为不合格，仍可排除偶然因素。",
        ),
        "labels_disagree": (
            "The people who labelled agree too little.",
            "标注者之间的一致性过低。",
        ),
        "declared": ("Declared by the provider.", "由提供者声明。"),
        "no_bank_given": ("No such bank was given.", "未提供该题库。"),
        "bank_complete": ("Every minimum is met.", "各项最低数量均已满足。"),
        "bank_gaps": ("Some minima are not met: see the gaps.", "部分最低数量未满足，见缺口表。"),
    }
)
SAY = _table(
    {
        "title": ("Security assessment", "安全评估报告"),
        "demo": (
            "DEMONSTRATION. Made by a demo: it says nothing of any real service.",
            "演示报告：由演示程序生成，不代表任何真实服务。",
        ),
        "target": ("Service tested", "被测服务"),
        "model": ("Model", "模型"),
        "made": ("Made", "生成时间"),
        "rulebook": ("Rules", "规则包"),
        "standard": ("Standard", "标准"),
        "pairs": ("Answers scored", "计分回答数"),
        "unanswered": ("Questions without an answer", "未获回答的问题"),
        "banks": ("Banks", "题库"),
        "evidence": ("SHA-256 of the answers", "回答记录 SHA-256"),
        "verdicts": ("Verdict", "结论"),
        "clauses": ("Clause by clause", "逐条结论"),
        "clause": ("Clause", "条款"),
        "what": ("What is asked for", "要求"),
        "limit": ("Limit", "限值"),
        "found": ("Found", "结果"),
        "interval": ("Interval", "置信限"),
        "why": ("Why", "理由"),
        "untested": ("Not tested", "未测试"),
        "at_least": ("at least", "不低于"),
        "at_most": ("at most", "不高于"),
        "items": ("items", "题"),
        "of": ("of", "/"),
        "needed": ("Sample asked for", "要求样本量"),
        "corrected": (
            "Corrected for the detector's own error",
            "已按检测器自身误差修正",
        ),
        "detector_labels": (
            "error measured on the labelled pairs of this run",
            "误差由本次人工标注测得",
        ),
        "detector_shipped": (
            "error measured on the labelled replies that ship with Licet",
            "误差由随附的人工标注回答测得",
        ),
        "sensitivity": ("found of those that are", "检出率"),
        "specificity": ("passed of those that are not", "特异度"),
        "kappa": ("Agreement of two people (Cohen's kappa)", "双人标注一致性（Cohen κ）"),
        "ties": ("ties that count for nothing", "意见相持、未计入"),
        "by_heading": ("By heading", "按类别"),
        "by_lang": ("By language", "按语言"),
        "heading": ("Heading", "类别"),
        "share": ("Share", "比例"),
        "hidden": ("too few to show", "样本过少，不予显示"),
        "gaps": ("Gaps of the banks", "题库缺口"),
        "there": ("There", "现有"),
        "asked": ("Asked for", "要求"),
        "gap": ("Lacks", "缺少"),
        "author": ("Written by", "编写方"),
        "author_operator": ("the licensed operator", "持证运营者"),
        "author_anyone": ("anyone", "任何人"),
        "total": ("In all", "合计"),
        "operator_risks": (
            "Risks whose rules and questions the licensed operator must author",
            "须由持证运营者自行编写规则和题目的风险",
        ),
        "method": (_METHOD_EN, _METHOD_ZH),
        "secondary": (
            "Limits are those reported of the standard by secondary sources; the pack names each.",
            "限值来自对标准的二手资料，规则包逐项注明出处。",
        ),
        "confidence": ("confidence", "置信水平"),
        "one": ("one-sided", "单侧"),
        "two": ("two-sided", "双侧"),
        "note": ("Note", "说明"),
        "language": ("Language", "语言"),
    }
)
