"""What people read of cards, licences and withdrawals, in both languages.

It refuses to know when anything is said.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]

FAULTS: Mapping[str, Words] = {
    "both_languages": {
        "zh": "请用中文和英文各写一份。",
        "en": "Write it in Chinese and in English.",
    },
    "too_long": {"zh": "不得超过 {about} 个字符。", "en": "At most {about} characters."},
    "unknown_licence": {
        "zh": "许可“{about}”不在规则包中；请填写 SPDX 标识，例如 CC-BY-4.0。",
        "en": "The pack has no licence {about!r}. Give an SPDX id such as CC-BY-4.0.",
    },
    "unknown_access": {"zh": "请填写其中之一：{about}。", "en": "One of: {about}."},
    "empty": {"zh": "不能为空。", "en": "Must not be empty."},
    "no_language": {
        "zh": "“{about}”不是语言标签；请写 zh、en 等。",
        "en": "{about!r} is no language tag. Write zh, en and the like.",
    },
    "unknown_modality": {
        "zh": "请填写其中一项或多项：{about}。",
        "en": "One or more of: {about}.",
    },
    "no_source": {
        "zh": "未说明数据来源；请填写 source 或 made_from。",
        "en": "It does not say where the data come from. Fill in source or made_from.",
    },
    "no_url": {"zh": "请填写以 https:// 开头的地址。", "en": "Write an address with https://."},
    "unknown_source": {
        "zh": "来源类型应为其中之一：{about}。",
        "en": "A type of source is one of: {about}.",
    },
    "no_evidence": {
        "zh": "类型为“{about}”的来源必须说明此项。",
        "en": "A source of the type {about} must say this.",
    },
    "no_id": {
        "zh": "“{about}”不是数据集编号；请写 namespace/name。",
        "en": "{about!r} is no namespace/name.",
    },
    "no_version": {
        "zh": "请填写所用版本的 40 位编号。",
        "en": "Give the 40 digits of the version that was used.",
    },
    "unknown_basis": {
        "zh": "个人信息处理依据应为其中之一：{about}。",
        "en": "A ground is one of: {about}.",
    },
    "no_record": {
        "zh": "请说明该依据的证明材料存于何处。",
        "en": "Say where this ground is on record.",
    },
    "no_review": {
        "zh": "请填写知识产权审查人和结论。",
        "en": "Say who looked for other people's rights, and what was found.",
    },
    "no_rule": {
        "zh": "请填写标注规则的编号和版本。",
        "en": "Give the annotation rules' id and version.",
    },
    "unknown_rules": {
        "zh": "本平台没有登记标注规则 {about}；请先登记。",
        "en": "The annotation rules {about} are not registered here. Register them first.",
    },
    "unknown_part": {
        "zh": "标注规则没有这一部分；应有：{about}。",
        "en": "Annotation rules have no such part. They have: {about}.",
    },
    "days_disagree": {"zh": "结束日期早于开始日期。", "en": "It ends before it begins."},
    "no_annotator": {"zh": "没有标注员。", "en": "Nobody annotated it."},
    "too_many": {"zh": "超过 {about} 个。", "en": "There are more than {about}."},
    "no_mark": {
        "zh": "请用代号（字母、数字），不要写姓名。",
        "en": "Give a mark of letters and digits, and no name.",
    },
    "annotated_without_rules": {
        "zh": "有人工标注，就须写明标注规则。",
        "en": "What was annotated names the rules by which it was.",
    },
    "counts_disagree": {
        "zh": "数目不符：正确数不得多于抽检数，抽检数不得多于总数。",
        "en": "The counts disagree: right ones are among those sampled, these among all items.",
    },
    "unknown_parent": {
        "zh": "本平台没有数据集 {about} 的这一版本。",
        "en": "There is no such version of {about} here.",
    },
    "parent_withdrawn": {
        "zh": "所依据的 {about} 已撤回。",
        "en": "It is made from {about}, which was withdrawn.",
    },
}

UNFIT: Mapping[str, Words] = {
    "no_dataset": {
        "zh": "“{about}”不是数据集编号；请写 namespace/name："
        "小写字母、数字、-、_，斜杠之后还可以用大写字母和点。",
        "en": "{about!r} is no id of a data set. Write namespace/name.",
    },
    "elsewhere": {"zh": "文件名指向别处，请改名。", "en": "leads elsewhere. Rename the file."},
    "unseen": {
        "zh": "文件名含有看不见的字符，请改名。",
        "en": "holds a character that cannot be seen. Rename the file.",
    },
    "no_nfc": {"zh": "文件名不是 NFC 规范形式，请改名。", "en": "is not in NFC. Rename the file."},
    "unkept": {
        "zh": "有的文件系统不能保存这个文件名，请改名。",
        "en": "cannot be kept by every file system. Rename the file.",
    },
    "gits": {"zh": "这个文件名属于 git，请改名。", "en": "belongs to git. Rename the file."},
    "parts": {
        "zh": "路径超过 {about} 级，请改短。",
        "en": "has more than {about} parts. Rename the file.",
    },
    "long": {
        "zh": "路径超过 {about} 字节，请改短。",
        "en": "has more than {about} bytes. Rename the file.",
    },
    "twice": {
        "zh": "与 {about} 只有大小写不同，请改名。",
        "en": "and {about} differ by letter case alone. Rename one.",
    },
    "below": {
        "zh": "它的上一级已经是一个文件，请改名。",
        "en": "lies below what is a file. Rename one.",
    },
    "large": {"zh": "超过 {about} KiB，请缩短。", "en": "has more than {about} KiB. Shorten it."},
    "no_utf8": {
        "zh": "不是 UTF-8 编码，请用 UTF-8 保存。",
        "en": "it is not in UTF-8. Save it in UTF-8.",
    },
    "cut": {"zh": "文件末尾不完整。", "en": "it ends before it is whole."},
    "line": {
        "zh": "写法有误，在第 {about}（行:列）处。",
        "en": "it is malformed at {about} (line:column).",
    },
    "byte": {"zh": "写法有误，在第 {about} 字节处。", "en": "it is malformed at byte {about}."},
    "missing": {"zh": "缺少 {about} 这一项。", "en": "it lacks {about}."},
    "unknown": {"zh": "不应有 {about} 这一项。", "en": "there is no {about}."},
    "choice": {
        "zh": "不能填“{about}”，请对照示例。",
        "en": "{about!r} is none of what it may be.",
    },
    "wants_text": {"zh": "应为文字，加引号。", "en": "it is text, in quotes."},
    "wants_number": {"zh": "应为数字，不加引号。", "en": "it is a number, without quotes."},
    "wants_bool": {"zh": "应为 true 或者 false。", "en": "it is true or false."},
    "wants_list": {"zh": "应为列表，可以写多项。", "en": "it is a list."},
    "wants_table": {"zh": "应分项填写，请对照示例。", "en": "it has parts; see the example."},
    "wants_date": {"zh": "应为日期，例如 2026-05-01。", "en": "it is a day, as 2026-05-01."},
    "wants_other": {"zh": "不能这样填，请对照示例。", "en": "it cannot be so; see the example."},
    "no_digest": {
        "zh": "每个文件要有十六进制的 SHA-256 和大小。",
        "en": "a file has a SHA-256 in hexadecimal and a size.",
    },
    "not_here": {
        "zh": "有的文件没有传到，请重新选择。",
        "en": "some of the files did not arrive. Choose them again.",
    },
    "no_column": {"zh": "没有“{about}”这一列。", "en": "it has no column {about!r}."},
    "no_parquet": {
        "zh": "不能按 Parquet 读取，请检查或者重新导出。",
        "en": "it cannot be read as Parquet. Look at it, or write it anew.",
    },
    "no_warc": {
        "zh": "不能按 WARC 读取，请检查或者重新导出。",
        "en": "it cannot be read as WARC. Look at it, or write it anew.",
    },
    "packed": {
        "zh": "不能解压，请重新压缩。",
        "en": "it cannot be unpacked. Pack it anew.",
    },
    "swells": {
        "zh": "解压后超过原大小的 {about} 倍，请不压缩或者分成多个文件。",
        "en": "it swells beyond {about} times its size. Do not pack it, or part it.",
    },
    "no_text": {
        "zh": "没有可以读取的文本，请检查文本所在的字段。",
        "en": "there is no text that could be read. Look in which field it stands.",
    },
    "nothing": {
        "zh": "没有可以检查的文件；可以读取的有：{about}，按行的文本和 WARC 也可以用 .gz 压缩。",
        "en": "no file could be checked. Read are {about}, and .gz of lines and WARC.",
    },
    "workers": {
        "zh": "检查进程有 {about} 次还没有开始工作就结束了，请检查内存是否足够。",
        "en": "{about} times workers ended before they had done anything. Is there enough memory?",
    },
    "ended": {
        "zh": "检查还没有完成，进行检查的进程就结束了。",
        "en": "The process that made the check ended before it was done.",
    },
    "content_gone": {
        "zh": "内容 {about}… 不在本平台，请运行 licet corpus fsck。",
        "en": "content {about}… is not here. Run licet corpus fsck.",
    },
    "store_silent": {
        "zh": "对象存储没有正常应答（{about}）。",
        "en": "the object store does not answer: {about}.",
    },
    "no_piece": {"zh": "这不是可以接收的一段内容。", "en": "this is no piece of content."},
    "digits": {
        "zh": "摘要应为 64 位十六进制数字。",
        "en": "a digest has 64 hexadecimal digits.",
    },
    "beyond": {
        "zh": "文件超过所说的 {about} 字节。",
        "en": "the file has more than the {about} bytes promised.",
    },
    "no_upload": {
        "zh": "没有开始上传这个内容。",
        "en": "no upload of that content began.",
    },
    "altered": {
        "zh": "传到的内容与所说的不符，请重新上传。",
        "en": "what arrived is not what was promised. Upload it again.",
    },
    "wants_whole": {
        "zh": "应为整数，写在地址里。",
        "en": "it is a whole number, in the address.",
    },
    "no_form": {
        "zh": "正文既不是表单，也不是 JSON。",
        "en": "the body is neither a form nor JSON.",
    },
    "no_json": {"zh": "正文不是所要的 JSON。", "en": "the body is not the JSON that is meant."},
    "stands": {
        "zh": "{about} 已经登记，内容不同；请用新的版本号登记。",
        "en": "{about} stands, and says something else. Give it the next version.",
    },
}

BREACHES: Mapping[str, Words] = {
    "both_parts": {
        "zh": "{where} 在同一批次中既标注又审核。",
        "en": "{where} annotated and reviewed the same batch.",
    },
    "no_reviewer": {"zh": "没有审核员。", "en": "Nobody reviewed it."},
    "not_trained": {
        "zh": "{where} 开始标注前没有培训记录。",
        "en": "{where} has no training on record before the work began.",
    },
    "not_examined": {
        "zh": "{where} 开始标注前没有通过考核的记录。",
        "en": "{where} has no examination on record before the work began.",
    },
    "exam_old": {
        "zh": "{where} 的考核已超过 {about} 天。",
        "en": "{where} was examined more than {about} days before the work ended.",
    },
    "not_reviewed": {
        "zh": "安全性标注未达到 {about} 的审核比例。",
        "en": "Less than {about} of what was annotated for safety was reviewed.",
    },
}

CONFLICTS: Mapping[str, Words] = {
    "no_adaptation": {
        "zh": "“{licence}”不允许改编后再发布",
        "en": "{licence} does not allow that other sets are made of it",
    },
    "grants_more": {
        "zh": "“{own}”允许“{licence}”所不允许的：{rights}",
        "en": "{own} allows what {licence} does not: {rights}",
    },
    "drops_attribution": {
        "zh": "“{licence}”要求署名，而“{own}”不要求",
        "en": "{licence} asks for attribution, which {own} drops",
    },
    "share_alike": {
        "zh": "“{licence}”要求以相同方式共享（{into}），而这里是“{own}”",
        "en": "{licence} asks that it be passed on under {into}, not under {own}",
    },
    "unknown": {
        "zh": "许可“{licence}”不明，不能推定允许",
        "en": "{licence} is not known, and nothing is allowed that nobody allowed",
    },
}

RIGHTS: Mapping[str, Words] = {
    "use": {"zh": "使用", "en": "use"},
    "adapt": {"zh": "改编", "en": "adaptation"},
    "share": {"zh": "再传播", "en": "passing on"},
    "commercial": {"zh": "商业使用", "en": "commercial use"},
}

DENIALS: Mapping[str, Words] = {
    "token": {
        "zh": "此数据集须登记后加载，请提供令牌，见 {page}",
        "en": "This data set is for registered readers: send a token. See {page}",
    },
    "unknown_token": {
        "zh": "令牌不存在或者已失效，见 {page}",
        "en": "This token is not known here, or it has ended. See {page}",
    },
    "publisher": {
        "zh": "请提供可以发布的单位的令牌",
        "en": "Send the token of somebody who may publish.",
    },
    "namespace": {
        "zh": "这个令牌不能在此命名空间发布",
        "en": "Your token does not publish in this namespace.",
    },
    "grant": {
        "zh": "此数据集须经审批后加载，请说明用途并申请，见 {page}",
        "en": "This data set is restricted: ask for access, and say what for, at {page}",
    },
}
MISSING: Mapping[str, Words] = {
    "data_set": {"zh": "本平台没有这个数据集。", "en": "There is no such data set here."},
    "version": {
        "zh": "{dataset} 没有版本 {revision!r}。",
        "en": "{dataset} has no version {revision!r}.",
    },
    "folder": {"zh": "没有这个文件夹。", "en": "There is no such folder."},
    "file": {"zh": "没有这个文件。", "en": "There is no such file."},
    "address": {"zh": "这个地址没有内容。", "en": "There is nothing at this address."},
    "content": {
        "zh": "有的内容还没有传到，请重新查询缺少哪些。",
        "en": "Some content is not here yet: examine again.",
    },
}
WITHDRAWN: Words = {
    "zh": "此版本已于 {on} 撤回：{reason}",
    "en": "This version was withdrawn on {on}: {reason}",
}
CAUSE: Words = {
    "zh": "其来源 {source} 已撤回：{reason}",
    "en": "its source {source} was withdrawn: {reason}",
}
