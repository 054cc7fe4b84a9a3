//! The words of the template that is of no card, in each language, beside those that it shares with a lease.
//! Owns the wording alone; what is demanded is the template's business.

use crate::language::Language;

/// Comments end with a line break, titles do not.
pub(super) struct Generic {
    pub head: &'static str,
    pub accept: &'static str,
    /// Where the bounds are from a device that no lease is about.
    pub no_hardware: &'static str,
    /// Before what the report of the bounds has against it.
    pub failed: &'static str,
    pub parties: &'static str,
    pub clauses: &'static str,
    pub fp32: &'static str,
    pub gemm_fp16: &'static str,
    pub memory_errors: &'static str,
    pub telemetry: &'static str,
    pub ratio: &'static str,
    pub near_copy: &'static str,
}

impl Generic {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }
}

static ENGLISH: Generic = Generic {
    head: "\
# A contract for compute. `assay contract check FILE` reads it, `assay run --contract FILE` measures and judges.
",
    accept: "# Evidence from elsewhere never passes: hardware, software (a driver on the CPU), simulated.\n",
    no_hardware: "# THIS DEVICE IS NO HARDWARE. For a real contract write accept = [\"hardware\"].\n",
    failed: "THE REPORT THAT THE BOUNDS ARE TAKEN FROM DID NOT PASS. Understand why before anybody signs this:",
    parties: "
# Who agrees. `assay key show` prints the id of a key; without it a report is not tied to a party.
",
    clauses: "
# Clauses. Each has an id of its own, and
#   severity   must: decides the verdict; should, info: is reported
#   metric     what is measured, `assay list --metrics` shows all
#   at_least, at_most, equals, or never alone
#   statistic  which figure of the samples counts: min p1 p5 p50 mean p95 p99 max last,
#              or delivered: all work over all time, measured until it is decided (at_least only)
#   scope      every_device (default), any_device, node: the sum over all devices, or fleet: decided over
#              all nodes by a quorum, such as \"99 %\" of cards; there a bound may be \"95 % of fleet median\"
#   guard      the figure's uncertainty, such as \"1 %\": so near the bound nothing is decided
# GB is 10^9 bytes and GiB is 2^30.
",
    fp32: "Multiply-add rate of the FP32 units",
    gemm_fp16: "Dense matrix product, FP16 with FP32 sums",
    memory_errors: "Every word of that memory reads back as it was written",
    telemetry: "\
# What telemetry must not show. Inconclusive where the machine gives no telemetry, so `should` at first.
",
    ratio: "# One figure as a share of another.\n",
    near_copy: "Memory keeps its speed with two reads and one write",
};

static CHINESE: Generic = Generic {
    head: "\
# 算力合同。`assay contract check 文件` 检查本合同，`assay run --contract 文件` 实测并逐条判定。
",
    accept: "# 认可哪类设备上的证据，其余一律不算通过：hardware（真实硬件）、software（CPU 上的软件驱动）、simulated（模拟设备）。\n",
    no_hardware: "# 注意：此设备不是真实硬件。正式合同请写 accept = [\"hardware\"]。\n",
    failed: "注意：下限所依据的报告并未通过。签字之前请先弄清原因：",
    parties: "
# 合同双方。`assay key show` 显示公钥指纹；不写指纹，则报告与当事人无从对应。
",
    clauses: "
# 条款。每条有自己的 id，此外：
#   severity   must：决定结论；should、info：只作报告
#   metric     测什么，`assay list --metrics` 列出全部指标
#   at_least（不低于）、at_most（不高于）、equals（等于）任选其一，或单独写 never（从不出现）
#   statistic  以样本的哪个统计量为准：min p1 p5 p50 mean p95 p99 max last，
#              或 delivered：总工作量除以总时间，测到足以判定为止（只用于 at_least）
#   scope      every_device（每台设备，默认）、any_device（任一设备）、node（全部设备之和），或 fleet：对所有节点
#              按达标比例判定，例如 \"99 %\" 的卡；此时界限可以写成 \"95 % of fleet median\"（机群中位数的 95 %）
#   guard      数值的不确定度，例如 \"1 %\"：与界限相差在此以内时不作判定
# GB 为 10^9 字节，GiB 为 2^30 字节。
",
    fp32: "FP32 向量单元乘加速率",
    gemm_fp16: "稠密矩阵乘，FP16，FP32 累加",
    memory_errors: "上述显存中每个字读出时与写入时一致",
    telemetry: "# 遥测中不得出现的情况。机器不提供遥测时无法判定，因此先写作 `should`。\n",
    ratio: "# 一个数值与另一个数值之比。\n",
    near_copy: "两读一写时显存速率不明显下降",
};
