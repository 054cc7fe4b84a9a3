//! Under what conditions healthy cards reach a bound, in the language of a lease. The catalogue has them in English.
//! Owns these phrases alone; names of tools and cards are the same everywhere.

use crate::language::Language;

/// In this order: a longer phrase before one that is part of it.
const CHINESE: [(&str, &str); 33] = [
    ("the variant of H100 is not said", "未说明 H100 的型号"),
    ("the size of memory is not said", "未说明显存大小"),
    ("the form factor is not said", "未说明外形"),
    ("60 s of burn on nearly constant data", "用近乎恒定的数据满载 60 s"),
    ("60 s of burn", "满载 60 s"),
    ("which flatters", "因而偏高"),
    ("best shape of a search", "搜索所得的最佳形状"),
    ("best of several launch shapes", "数种启动形状中的最佳"),
    ("NVIDIA's own value for DCGM", "NVIDIA 为 DCGM 给出的值"),
    ("over several kernels of streams", "取自数个流式内核"),
    ("products by the vendor library", "用厂商库做矩阵乘"),
    ("pair with a bridge", "有桥接的一对"),
    ("device to device", "设备之间"),
    ("one direction", "单向"),
    ("one pair", "一对"),
    ("p2p tool", "p2p 工具"),
    ("like triad", "同 triad"),
    ("normal data", "正态分布数据"),
    ("random data", "随机数据"),
    ("1024 MiB per array", "每个数组 1024 MiB"),
    ("16384 rounds", "16384 轮"),
    ("pinned", "锁页内存"),
    ("mean", "平均值"),
    ("about", "约值"),
    ("share that ", "比例取自 "),
    (", by DCGM reaches", "（据 DCGM）"),
    (" reaches", ""),
    (" on PCIe generation", " PCIe generation"),
    ("PCIe generation ", "PCIe Gen"),
    (", and ", "，"),
    (" and ", "、"),
    (", ", "，"),
    ("; ", "；"),
];

pub(super) fn said(conditions: &str, language: Language) -> String {
    match language {
        Language::English => conditions.to_owned(),
        Language::Chinese => CHINESE
            .iter()
            .fold(conditions.to_owned(), |text, (english, chinese)| text.replace(english, chinese)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lease::RATES;
    use super::*;
    use crate::catalogue;

    #[test]
    fn conditions_of_all_bounds_that_a_lease_may_have_are_said_in_chinese() {
        let names = ["triad", "nvbandwidth", "benches"];
        let bands = catalogue::built_in()
            .bands
            .iter()
            .filter(|band| RATES.iter().any(|(_, metric)| *metric == band.metric.as_str()));
        let mut count = 0;
        for band in bands {
            let text = said(&band.conditions, Language::Chinese);
            let mut words = text.split(|c: char| !c.is_ascii_alphabetic());
            let strange = words.find(|word| {
                word.len() > 3 && word.bytes().all(|b| b.is_ascii_lowercase()) && !names.contains(word)
            });
            assert_eq!(strange, None, "{text}");
            count += 1;
        }
        assert!(count > 20, "{count}");
        assert_eq!(said("one pair, p2p tool", Language::English), "one pair, p2p tool");
    }
}
