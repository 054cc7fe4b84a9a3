//! The words of a lease in each language that it is written in.
//! Owns the wording alone; what is owed is the lease's business.

use super::generic::Generic;
use crate::catalogue::bands::Basis;
use crate::language::Language;

/// Comments end with a line break, titles do not.
pub(super) struct Words {
    pub language: Language,
    pub head: &'static str,
    pub title: &'static str,
    pub accept: &'static str,
    pub freshness: &'static str,
    pub parties: &'static str,
    pub tenant: &'static str,
    pub provider: &'static str,
    pub key: &'static str,
    pub inventory: &'static str,
    pub memory: &'static str,
    pub delivery: &'static str,
    pub price: &'static str,
    pub clauses: &'static str,
    /// Of each rate that a lease demands, in their order.
    pub rates: [&'static str; 8],
    /// Where the vendor's library makes the products.
    pub by_vendor: &'static str,
    /// Where it is not known how cards are joined.
    pub links: &'static str,
    /// Where it is not known what healthy cards reach.
    pub unknown: &'static str,
    /// Before what bounds come from.
    pub from: &'static str,
    pub own: &'static str,
    pub published: &'static str,
    pub inferred: &'static str,
    pub load: &'static str,
    pub kept_up: &'static str,
    pub last: &'static str,
    pub drift: &'static str,
    pub load_errors: &'static str,
    pub integrity: &'static str,
    pub memory_errors: &'static str,
    pub ecc: &'static str,
    pub remap_pending: &'static str,
    pub remap_failure: &'static str,
    pub xid: &'static str,
    pub thermal: &'static str,
    pub remedies: &'static str,
    pub exclusions: &'static str,
    /// Why such a time is agreed.
    pub maintenance: &'static str,
    pub proof: &'static str,
}

impl Words {
    pub(super) fn basis(&self, basis: Basis) -> &'static str {
        match basis {
            Basis::Own => self.own,
            Basis::Published => self.published,
            Basis::Inferred => self.inferred,
        }
    }
}

/// A rate of which only the datasheet says anything.
pub(super) struct UnknownRate {
    pub id: &'static str,
    pub metric: &'static str,
    pub title: &'static str,
    /// Of the datasheet's figure: little enough for every healthy card.
    pub percent: u32,
}

impl Words {
    /// How the ids begin of which a lease needs one, and what they may be, the best first.
    pub(super) fn unknown_rates(&self) -> [(&'static str, Vec<UnknownRate>); 2] {
        let [triad, _, _, bf16, ..] = self.rates;
        let own = Generic::of(self.language);
        let row = |id, metric, title, percent| UnknownRate { id, metric, title, percent };
        let products = vec![
            row("gemm-bf16", "gemm.bf16.rate", bf16, 50),
            row("gemm-fp16", "gemm.fp16.rate", own.gemm_fp16, 50),
            row("fp32", "fma.fp32.rate", own.fp32, 40),
        ];
        [("memory-", vec![row("memory-triad", "stream.triad.rate", triad, 60)]), ("gemm-", products)]
    }

    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }
}

static ENGLISH: Words = Words {
    language: Language::English,
    head: "\
# A lease of compute. `assay contract check FILE` reads it and says what it leaves open; `assay run --contract FILE` measures a node
# and judges it. Every number here is the parties' to change. GB is 10^9 bytes and GiB is 2^30.
",
    title: "What the provider owes the tenant on each node",
    accept: "# Only evidence from real cards counts.\n",
    freshness: "# With this, only reports that answer the tenant's challenge count: `assay challenge new`, `assay run --challenge`.\n",
    parties: "# Who agrees. `assay key show` prints the id of a key: without it anybody could sign for that party.\n",
    tenant: "Tenant",
    provider: "Provider",
    key: "64 hex digits",
    inventory: "# What each node must hold. Judged like a must clause.\n",
    memory: "# Of this memory 95 % must hold its own data, all at once.\n",
    delivery: "\
# How many nodes are owed by which day, those of earlier days included. Write the block again for each further day. All days of this
# contract are days of UTC: each begins and ends at 00:00 UTC, wherever the parties are.
",
    price: "# What is paid. per: device_hour, device_month, node_hour, node_month, or in_all (no node has a share of it, so that no remedy comes to any money).\n",
    clauses: "\
# What each card must do. severity must decides the verdict; should and info are reported. statistic p50 is the median of the samples.
# A bound may also be a share: \"60 % of datasheet\".
",
    rates: [
        "Memory bandwidth, two reads and one write",
        "Memory bandwidth, one read and one write",
        "Multiply-add rate of the FP64 units",
        "Dense matrix product, BF16 with FP32 sums",
        "Dense matrix product, FP8 (E4M3) with FP32 sums",
        "Host memory to device memory",
        "Device memory to host memory",
        "From each device to each other one, the slowest pair",
    ],
    by_vendor: "# By the vendor's library (cuBLASLt), which the node must have: our own kernels do not use all of this card's tensor units.\n",
    links: "\
# That is where switches, or a bridge between two cards, give all links to each pair. On a board of four without switches a pair has a third
# of them, and from one bridge to the next it goes through the host: put in what such a node has reached, and take off the marks.
",
    unknown: "\
# It is not known here what healthy cards reach. This share of the datasheet tells a broken card or one of another kind, not a slow one:
# put in what a card that you trust has reached.
",
    from: "healthy cards reach",
    own: "measured by assay",
    published: "published",
    inferred: "inferred",
    load: "# The same under a full load that is kept up: `assay run --soak 24h`.\n",
    kept_up: "The load was kept up and watched for a day",
    last: "Dense matrix product in the last minutes of that day",
    drift: "The last minutes are hardly slower than the first",
    load_errors: "No result under load was wrong",
    integrity: "# Nothing may be wrong, and no counter of faults may rise.\n",
    memory_errors: "Every word of memory reads back as it was written",
    ecc: "No memory error that could not be corrected",
    remap_pending: "No row of memory waits for a reset to be replaced",
    remap_failure: "No row of memory was ever without a replacement",
    xid: "No error of the driver (Xid)",
    thermal: "The card is never too hot for its clocks",
    remedies: "\
# What follows where a clause is not met; of the clauses of one remedy the worst counts for each node. credit: for each day and node,
# per_day of the node's price for a month, up to cap. price_cut: the node's price falls by the share of the bound that is missed, up to cap
# of the node's price; what no figure tells, such as a wrong result, is the whole cap. replace: the node is exchanged within_days.
# terminate: the tenant may end the lease. claim_days: from the day on which a credit's days ended, else from the first report that failed.
",
    maintenance: "announced maintenance",
    exclusions: "# A time that does not count, for either side.\n",
    proof: "\
# What a witness of the tenant must have seen proved of each node (`assay challenge`, `assay witness`), so that its word alone does not
# count. `assay fleet` counts it.
",
};

static CHINESE: Words = Words {
    language: Language::Chinese,
    head: "\
# 算力租赁合同。`assay contract check 文件` 检查本合同并指出遗漏；`assay run --contract 文件` 对一个节点进行实测并逐条判定。
# 文中所有数值均可由双方修改。GB 为 10^9 字节，GiB 为 2^30 字节。
",
    title: "出租方在每个节点上应向承租方交付的算力",
    accept: "# 只认可真实硬件上的证据。\n",
    freshness: "# 写上此项，则只认可应答了承租方质询的报告：`assay challenge new`、`assay run --challenge`。\n",
    parties: "# 合同双方。`assay key show` 显示公钥指纹；不写指纹，则任何人都可以冒充该方签名。\n",
    tenant: "承租方",
    provider: "出租方",
    key: "64 位十六进制数",
    inventory: "# 每个节点必须具备的设备，按 must 条款判定。\n",
    memory: "# 该显存的 95 % 必须能同时存放各自不同的数据。\n",
    delivery: "# 截至某日累计应交付的节点数（包含此前各期）。每增加一期，重复写一段。\n# 本合同中的日期一律为 UTC 日期：每天在 UTC 零时（北京时间 8:00）开始和结束，与双方所在地无关。\n",
    price: "# 价格。per 可写 device_hour（每卡每小时）、device_month（每卡每月）、node_hour、node_month（每节点）或 in_all（总价，无法分摊到节点，补救因而算不出金额）。\n",
    clauses: "\
# 每张卡必须达到的指标。severity 为 must 的条款决定结论，should 与 info 只作报告。statistic 为 p50 指样本的中位数。
# 下限也可以写成比例：\"60 % of datasheet\"（占厂商标称稠密峰值的比例）。
",
    rates: [
        "显存带宽（两读一写）",
        "显存带宽（一读一写）",
        "FP64 向量单元乘加速率",
        "稠密矩阵乘，BF16，FP32 累加",
        "稠密矩阵乘，FP8（E4M3），FP32 累加",
        "主机内存到显存",
        "显存到主机内存",
        "任意两卡之间，以最慢的一对为准",
    ],
    by_vendor: "# 以厂商库（cuBLASLt）测得，节点上须装有该库：本程序的内核未能用上该卡的全部张量单元。\n",
    links: "\
# 上述数值的前提是每一对卡之间可用全部互连（交换芯片，或两卡间的桥）。没有交换芯片的四卡板上每对只有三分之一，跨桥则经过主机：
# 请换成此类节点实际达到的数值，再去掉注释符号。
",
    unknown: "# 此处尚无正常卡的数据。标称值的这一比例只能认出坏卡或别的型号，认不出偏慢的卡：请换成可信的卡实际达到的数值。\n",
    from: "正常卡可达",
    own: "assay 实测",
    published: "公开数据",
    inferred: "推算",
    load: "# 满载持续运行时的要求：`assay run --soak 24h`。\n",
    kept_up: "满载持续运行并全程监测一天",
    last: "这一天最后几分钟的稠密矩阵乘速率",
    drift: "最后几分钟与最初一分钟相比，速率几乎不下降",
    load_errors: "满载期间没有任何错误结果",
    integrity: "# 不得有任何错误，故障计数不得增加。\n",
    memory_errors: "显存中每个字读出时与写入时一致",
    ecc: "没有不可纠正的显存错误",
    remap_pending: "没有显存行在等待重置后替换",
    remap_failure: "从未有显存行无法替换",
    xid: "没有驱动错误（Xid）",
    thermal: "从不因过热降频",
    remedies: "\
# 条款未达到时的后果；同一补救所列条款中，每个节点只计最严重的一项。credit：每天每节点按该节点月价的 per_day 抵扣，以 cap 为限。
# price_cut：该节点的价格按与约定值相差的比例减少，以该节点价格的 cap 为限；无法用数值衡量的（如结果错误）按 cap 全额计。
# replace：在 within_days 天内更换节点。terminate：承租方有权解除合同。claim_days：抵扣自其天数终止之日起算，其余自首份未达到的报告之日起算。
",
    maintenance: "事先通知的维护",
    exclusions: "# 双方约定不计入的时段。\n",
    proof: "# 每个节点须向承租方的见证方证明的下限（`assay challenge`、`assay witness`），不以其自述为准；由 `assay fleet` 计入。\n",
};
