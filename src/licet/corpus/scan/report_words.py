"""What a scan's report says, in both languages. Words alone; keys are those of the document."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Words = Mapping[str, str]


def _table(rows: Mapping[str, tuple[str, str]]) -> Mapping[str, Words]:
    return MappingProxyType({key: {"zh": zh, "en": en} for key, (zh, en) in rows.items()})


SAY = _table(
    {
        "title": ("训练数据检查报告", "Scan of training data"),
        "items": ("条数", "Items"),
        "kept": ("可用条数", "Items to keep"),
        "bytes": ("文本字节数", "Bytes of text"),
        "input": ("输入摘要", "Digest of the input"),
        "files": ("文件数", "Files"),
        "bad": ("无法读取", "Could not be read"),
        "rulebook": ("规则包", "Rulebook"),
        "standard": ("标准", "Standard"),
        "bundle": ("判别规则与模型", "Guard bundle"),
        "sample": ("技术抽检比例", "Technical sample"),
        "clauses": ("逐条结论", "Clause by clause"),
        "clause": ("条款", "Clause"),
        "what": ("内容", "What"),
        "limit": ("要求", "Asked for"),
        "found": ("结果", "Found"),
        "interval": ("置信区间", "Interval"),
        "verdict": ("结论", "Verdict"),
        "sources": ("各来源", "Sources"),
        "source": ("来源", "Source"),
        "judged": ("抽检条数", "Judged"),
        "unlawful": ("违法不良", "Unlawful"),
        "flagged": ("发现的问题", "What was found"),
        "kind": ("类别", "Kind"),
        "count": ("条数", "Items"),
        "share": ("占比", "Share"),
        "personal": ("个人信息与密钥", "Personal data and secrets"),
        "languages": ("语言", "Languages"),
        "lengths": ("文本长度（字符）", "Length of texts (characters)"),
        "benchmarks": ("评测题污染", "Contamination by benchmarks"),
        "rules": ("命中的规则", "Rules that matched"),
        "examples": ("示例", "Examples"),
        "none": ("无", "None"),
        "method": (
            (
                "所有文本均查：字面规则、个人信息与密钥、完全重复与近似重复、评测题、语言和质量。"
                "完整判别（含变体写法、模式和语义）只用于随机抽取的样本，比例及区间由样本得出。"
                "区间为 Clopper–Pearson 精确置信限。"
            ),
            (
                "Every text is checked for literal rules, personal data and secrets, exact and "
                "near copies, benchmarks, language and quality. The whole judgement (disguises, "
                "patterns, meaning) is made of a sample drawn by chance; shares and intervals "
                "are its own. Bounds are those of Clopper and Pearson."
            ),
        ),
        "secondary": (
            "限值来自二手资料，尚未与标准原文核对。",
            "Limits are from secondary sources, not yet compared with the standard's text.",
        ),
        "rejected_note": (
            "观测比例超过限值的来源不得使用。",
            "Nothing is used of a source whose observed share is above the limit.",
        ),
    }
)
VERDICTS = _table(
    {
        "conforms": ("符合", "Conforms"),
        "does_not": ("不符合", "Does not conform"),
        "not_enough_data": ("数据不足", "Not enough data"),
        "rejected": ("不得使用", "Rejected"),
    }
)
FLAGS = _table(
    {
        "unlawful": ("违法不良（规则或判别）", "Unlawful (rules, or judged)"),
        "exact_copy": ("完全重复", "Exact copy"),
        "near_copy": ("近似重复", "Near copy"),
        "contaminated": ("含评测题", "Holds a benchmark's text"),
        "short": ("过短", "Too short"),
        "symbols": ("符号过多", "Mostly signs"),
        "repeats": ("内容反复", "Repeats itself"),
        "personal": ("含个人信息", "Personal data"),
        "secret": ("含密钥", "Secrets"),
        "rejected": ("来源不得使用", "Of a rejected source"),
    }
)
KINDS = _table(
    {
        "private-key": ("私钥", "Private key"),
        "token": ("访问令牌", "Access token"),
        "cn-id": ("居民身份证号", "Chinese identity number"),
        "bank-card": ("银行卡号", "Payment card"),
        "phone-cn": ("手机号码", "Chinese mobile number"),
        "phone": ("国际电话号码", "International telephone number"),
        "us-ssn": ("美国社会保障号", "US social security number"),
        "iban": ("国际银行账号", "IBAN"),
        "email": ("电子邮箱", "E-mail address"),
        "ip-address": ("IP 地址", "IP address"),
    }
)
LANGUAGE_NAMES = _table(
    {
        "none": ("无文字", "No letters"),
        "zh": ("中文", "Chinese"),
        "en": ("英文", "English"),
        "ja": ("日文", "Japanese"),
        "ko": ("韩文", "Korean"),
        "latin": ("其他拉丁字母语言", "Other, in Latin letters"),
        "cyrillic": ("西里尔字母", "In Cyrillic letters"),
        "arabic": ("阿拉伯字母", "In Arabic letters"),
        "other": ("其他", "Other"),
    }
)
