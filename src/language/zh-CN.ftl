### 页面与表格中的全部文字，简体中文。有测试保证各语言的条目与变量一一对应，且每个条目都在源代码中用到。
### 机器或当事人写下的文字以变量形式带入，照录不译，放在引号内。
###
### 用词。同一事物只用一个词；有测试保证不写括号中“不用”的词（README.zh-CN.md、命令行帮助和合同模板同此）。
###   verdict 结论 · finding 判定 · pass 通过 · fail 不通过 · inconclusive 无法判定 · undecided 待定 · rejected 不合格（不用拒收：那是当事人的行为）
###   accept 验收、通过验收 · refuse 拒绝验收 · may be accepted 可以通过验收（不用可以验收：那是说可以开始验收）· lot 批，按 GB/T 2828.1 写接收、拒收
###   report 报告、测量报告（不用检测报告：那是有资质的机构所出具的）· recording 记录 · proof 证明 · attestation 硬件证明 · certificate 证书
###   contract 合同 · clause 条款 · demand 要求 · remedy 补救 · credit 抵扣 · price cut 减价（不用降价）· claim 主张（不用索要）· end the lease 解除合同
###   tenant 承租方 · provider 出租方 · waive 豁免 · witness 见证方 · prover 证明方 · challenge 质询 · salt 盐值 · fingerprint 指纹
###   sign 签名、签署 · seal 签封 · the signature holds 签名有效 · it does not 签名无效 · hash 哈希 · digest 摘要 · check 核对 · verify 验证
###   node 节点 · fleet 机群 · device 设备（量词“台”）· card 卡（量词“张”）· slice 切片（MIG）· selector 选择器 · id 标识 · name 名称
###   device lost 设备失联，俗称掉卡（不用丢失：那是失窃）· throttle 降频 · device memory 显存 · host memory 内存 · bandwidth 带宽 · link 链路
###   probe 探测 · profile 方案 · metric 指标 · sample 样本 · bound 界限、下限 · healthy 正常的 · datasheet figure 标称值 · band 参考区间 · overlay 补充目录
### 写法。标点用全角；汉字与字母、数字、变量之间空一格，变量代入汉字或全角标点时程序会去掉这一格；单位用符号（s、ms、GB/s），天数与分钟数写汉字。

## 零件

quoted = “{ $text }”
recorded = “{ $text }”
list-comma = 、
list-clause = ，
list-semicolon = ；
list-colon = ：
gap-before-names = { "" }
list-and = { " 与 " }
full-stop = 。
and-more = 等，另有 { $count } 个
at-least = 不低于 { $figure }
at-most = 不高于 { $figure }
no-times = 无
no-figure = 无数值
not-measured = 未测量
of-all = { $part } / { $all }
each-month = 每月 { $amount }
name-and-value = { $name }：{ $value }
money = { $amount } { $currency ->
    [CNY] 元
    [USD] 美元
    [EUR] 欧元
    [GBP] 英镑
    [HKD] 港元
    [JPY] 日元
    [SGD] 新加坡元
   *[other] { $currency }
    }
money-unknown = （价格条款未能给出金额）
not-computable = 无法计算
date = { $year } 年 { $month } 月 { $day } 日
count-days = { $count } 天
count-devices = { $count } 台设备
count-metrics = { $count } 项指标
count-windows = { $count } 个窗口

## 结论及其对象

verdict-pass = 通过
verdict-inconclusive = 无法判定
verdict-fail = 不通过
severity-must = 必须
severity-should = 应当
severity-info = 参考
subject-node = 节点
provenance-hardware = 真实硬件
provenance-software = 软件实现
provenance-simulated = 模拟设备
software-on = 由 { $threads } 个 CPU 线程运行的软件实现
simulated-nothing-measured = 模拟设备，未做任何实测
driver = 驱动 { $driver }
device-line = { $selector }：{ $name }（{ $about }）
place-serial = 序列号 { $serial }
place-slot = 插槽 { $slot }
card-at = { $selector }（{ $place }）
device-never-opened = { $selector }：始终未能打开（{ $how }）
order-together = 所有设备同时测量
order-one-at-a-time = 逐台测量
trust-l0 = L0，仅为自述：模拟设备，或没有设备
trust-l1 = L1，实测，但外部无人计时：主机有可能作假
trust-l2 = L2，由验证方质询并计时
trust-l3 = L3，在 L2 之上另有厂商的硬件证明
sealed-ephemeral = 仅为本次运行生成的密钥：只能说明此后未被改动，不能说明由谁签名
sealed-named = 报告自称由签名人长期保管的密钥；是谁的密钥，用 `assay verify` 核对

## 如何结束

ended-completed = 已完成
ended-unfinished = 记录提前中断
ended-interrupted = 被中止
ended-lost = 设备失联：“{ $why }”
ended-lost-during = 测量 { $during } 时设备失联：“{ $why }”
how-unfinished = 事件记录没有结尾
how-lost-during = 测量 { $during } 时出现“{ $why }”
absence-card-cannot = 设备不支持：“{ $why }”
absence-we-cannot = 当前后端不支持：“{ $why }”
absence-skipped = 已跳过：“{ $why }”
device-lost = 设备失联：“{ $why }”
device-out-of-memory = 申请 { $bytes } 字节时显存不足
device-validation = 驱动拒绝执行：“{ $why }”
device-hang = 设备在 { $ms } ms 内没有响应
device-crash = 驱动崩溃：“{ $why }”

## 结论的理由

finding-demanded = 要求 { $demanded }，{ $because }
finding-found = 实测 { $found }，{ $because }
finding-demanded-found = 要求 { $demanded }，实测 { $found }，{ $because }
of-the-worst = 最差的一张：{ $because }
sampled-until-decided = 已能判定，故在 { $samples } 个样本后提前停止采样
sampled-to-the-cap = 采样到达上限，共 { $samples } 个样本
sampled-so-often = 共 { $samples } 个样本
measure-counters = 请换用能够提供该信息的驱动后重测，参见 `assay doctor`
measure-identity = 这台机器上没有任何来源提供该信息，参见 `assay doctor`
measure-vendor = 请在装有厂商库（cuBLASLt）的机器上重测（参见 `assay doctor`），不写 `--probe`，或另加 `--probe vendor`
measure-load = 请加上 `--soak 24h`（或合同要求的时长）重测，或使用 `--profile acceptance`
measure-probe = 请不写 `--probe`（即测量全部）重测，或另加 `--probe { $probe }`；若该探测已运行，则此设备或方案没有这一项
claim = { $source } 称“{ $value }”
reason-met = 达到要求
reason-not-met = 未达到要求
reason-delivered-enough = 实际交付在 { $low } 与 { $high } 之间，足够：{ $sampled }
reason-delivered-too-little = 实际交付在 { $low } 与 { $high } 之间，不足：{ $sampled }
reason-delivered-open = 实际交付在 { $low } 与 { $high } 之间，尚不能判定：采样在 { $samples } 个样本后结束；请用更长的 `--duration` 重测
reason-too-few-samples = { $samples } 个样本太少，或彼此相关性太强，不足以判定；请用更长的 `--duration` 重测
reason-no-device = 没有测量任何设备；用 `assay list` 查看这台机器上的设备
reason-not-opened = 设备始终未能打开（{ $how }）；参见 `assay doctor`
reason-provenance-refused = 该设备属于“{ $is }”，而合同只接受“{ $accepted }”；请测量真实设备，或由双方约定 `accept = ["{ $code }"]`
reason-not-measured = 未测量 { $metric }；{ $how }
reason-device-not-completed = 该设备的测量没有完成（{ $how }）；请重测
reason-run-not-completed = 本次运行没有完成（{ $how }）；请重测
reason-card-cannot = 设备不具备所要求的能力：“{ $why }”
reason-we-cannot = 当前后端无法测量：“{ $why }”；请换用其他后端，见 `assay list`
reason-failed = 测量失败：{ $error }；请重测，若再次失败请参见 `assay doctor`
reason-skipped = 已跳过：“{ $why }”
reason-wrong-result = 设备算出了错误结果：“{ $why }”
reason-wrong-under-load = 满载期间 { $checked } 个结果中有 { $wrong } 个错误，因此相关数值一律不予采信
reason-not-kept-up = 满载应持续 { $asked } s，实际只持续了 { $watched } s；请重测
reason-broke-off = 运行中断 { $times } 次，共 { $seconds } s 无人监测
reason-broke-off-unknown = { $times ->
    [one] 运行中断一次，时长不明，其间无人监测
   *[other] 运行中断 { $times } 次，共至少 { $seconds } s，确切时长不明，其间无人监测
    }
lapse-slept = 机器休眠 { $times } 次，共 { $time }
lapse-stood = 程序被暂停或机器被冻结 { $times } 次，共 { $time } 无人监测
lapse-throttled = 容器的 CPU 配额使本程序停顿至少 { $time }：按主机时钟计的数值可能因此偏低；请放宽或取消配额
lapse-stalled = { $times } 次等待设备的时间远超其他矩阵乘所需，共 { $time }，不计入受监测的时间
lapse-set-ahead = 系统时钟被拨快 { $times } 次，共 { $time }
lapse-set-back = 系统时钟被拨慢 { $times } 次，共 { $time }
reason-canary-missed = 检查没有发现预埋的错误，因此它的结论不予采信；请重测并反馈此问题
reason-nothing-compared = 没有任何结果与参考值比对过，因此该数值不予采信；请重测并反馈此问题
reason-memory-errors = 有 { $words } 个字读出有误，这块显存不能可靠保存数据
reason-not-read-back = { $filled } 中只回读并核对了 { $checked }；请重测并反馈此问题
reason-clocks-disagree = 设备时钟为 { $device }，主机时钟为 { $host }，速率不可信；请在空闲机器上重测，若仍如此，则驱动不可信
reason-only-a-lower-bound = 至少有这么多，是否更多不得而知：“{ $why }”；若是方案所限，请用 `--profile standard` 重测
reason-shortfall-may-be-ours = 本程序没有已知能跑满这张卡的内核，实际能力可能更高；可参考其他工具，或按好卡用本内核能达到的值来约定
reason-no-figure = 样本给不出有限的数值；请重测并反馈此问题
reason-too-fast-to-be-true = { $figure } 超出了这类设备的能力（{ $limit }），不能算作测量结果；这台机器的时钟或 PCI 标识不可信
reason-measured-alone = 设备是逐台测量的，同时运行时可能更慢；请去掉 `--one-at-a-time` 重测，或由双方约定 `measured = "alone"`
reason-telemetry-silent = 遥测没有提供 { $what }；需要支持该项的驱动，参见 `assay doctor`
reason-never-throttled = 这段时间内没有降频，之后如何无人看到；请用更长的 `--soak` 重测
reason-no-error-so-far = 没有错误结果，但时间太短，只能说明到此；请用更长的 `--soak` 重测
reason-telemetry-too-short = 遥测只有 { $readings } 次读数，不足以断定“从未发生”；请用 `--duration` 延长运行
reason-telemetry-gap = 运行的 { $from } 至 { $to } 之间没有遥测，其间发生过什么无人知道；请重测，并参见 `assay doctor`
reason-telemetry-frozen = 在 { $seconds } s 内的 { $readings } 次读数中，频率、功耗和温度没有任何变化，遥测已冻结；请重新加载驱动后重测
reason-flag-seen = 有 { $readings } 次读数出现 { $flag }，首次在开始后 { $seconds } s
reason-takes-two = 这至少需要两台设备，实际在场并测量的有 { $present } 台；不写 `--device` 时测量全部设备，模拟设备用 `index` 区分，例如 `sim:h200,index=1`
reason-too-few-devices = 要求 { $demanded } 台设备，实际在场并测量的有 { $present } 台；不写 `--device` 时测量全部设备，模拟设备用 `index` 区分，例如 `sim:h200,index=1`
reason-parts-hidden = 要求 { $demanded } 个 MIG 切片，测量了 { $present } 个；CUDA 只让每个进程看到一个，因此不能说明其余缺失；请按 `nvidia-smi -L` 所列逐一写明 `--device cuda:MIG-...`，再重测
reason-devices-hidden = 要求 { $demanded } 台设备，测量了 { $present } 台，其余被 { $by } 隐藏，因此不能说明它们缺失；请取消该设置，或让本次运行使用整个节点，再重测
reason-on-figure = { $devices }（{ $metric }）
reason-too-few-completed = 要求 { $demanded } 台设备，完成测量的有 { $completed } 台；其余设备的情况见事件记录
reason-sku-matches = 设备自称“{ $name }”；这只是机器的自述，由各条款检验
reason-sku-differs = 设备自称“{ $name }”，是另一种型号
reason-sku-contradicted = 设备自称“{ $name }”，与其 PCI 标识 { $id } 所指的卡不是同一种；请出租方说明以哪一个为准，并重新测量该节点
reason-sku-unclear = 设备自称“{ $name }”，既不能证实也不能否定该型号；请自行核对
reason-identity-conflict = “{ $field }”一项，设备称“{ $device }”，遥测称“{ $telemetry }”
reason-sources-disagree = 各来源对“{ $field }”的说法不一致：{ $claims }
reason-same-device = { $selectors } 是同一台设备：“{ $field }”均为 { $value }；请只测一次

## 数值

head-metric = 指标
head-median = 中位数
head-range = p5 .. p95
head-samples = 样本数
head-conditions = 测量条件
head-check = 结果核对
head-of-datasheet = 占标称值
head-clause = 条款
head-severity = 等级
head-on = 对象
head-demanded = 要求
head-found = 实测
head-verdict = 结论
head-because = 理由
head-strip = 样本与界限
head-not-measured = 未测量
head-why = 原因
head-from-to = 从 \ 到
head-launch-form = 启动形式
head-kernel = 内核 SHA-256
head-address = 缓冲区内的字节地址
head-read = 读出的字
head-after = 时间
head-of = 来源
head-word = 字
head-expected = 应为
head-got = 实为
between-devices = 设备之间
between-pairs = 从行设备到列设备的速率中位数：
between-pairs-all = 从行设备到列设备的速率中位数（均为“{ $way }”）：
telemetry-silent = 遥测未提供
machines-word = 机器自述
never-reduced = 从未因过热或外部制动而降频
bound-of-words = 错误的字至多占 { $most }，置信度 95 %
bound-of-results = 错误结果至多占 { $most }，每小时至多 { $hourly } 个，置信度 95 %
compared-all-right = 已比对 { $checked } 个结果，全部正确
compared-wrong = { $checked } 个结果中有 { $wrong } 个错误
clock-host = 主机计时
clocks-disagree = 两个时钟不一致
data-integer = 整数数据
data-normal = 正态分布数据
data-wide = 大动态范围数据
reach-kernel = 可能未达到该卡的全部能力
check-exact = { $exact } 个逐位一致
check-exact-and-sampled = { $exact } 个逐位一致，{ $sampled } 个在误差界内
check-words-right = { $words } 个字读出正确
check-words-wrong = { $checked } 个字中有 { $wrong } 个错误，首个位于第 { $first } 字节，错误位 { $mask }，{ $set } 位由 0 变 1，{ $cleared } 位由 1 变 0
check-wrong = 错误：“{ $why }”
check-canary-missed = { $check }，未发现预埋的错误
peer-wrong = 错误
looks-near = “{ $name }”（{ $distance }）
looks-like = 实测特征接近{ $nearest }；0 为该型号合理范围的中心，1 为边缘
looks-like-none = 实测特征与目录中的任何型号都不接近；最近的是{ $nearest }；0 为该型号合理范围的中心，1 为边缘
looks-unknown = 目录中没有名为“{ $name }”的型号
looks-as-called = 没有任何实测结果与“{ $name }”不符
looks-but = 自称“{ $name }”，但是{ $against }
looks-id-of = 其 PCI 标识属于“{ $name }”
looks-more = 另有 { $count } 项同样不符
looks-contradiction = { $what } 为 { $measured }，与 { $catalogue } 相差甚远
looks-own-word = 据其自述，{ $what }为 { $measured }，与 { $catalogue } 相差甚远
looks-ran = { $what } 得以运行，所需的计算能力为 { $needs }，而不是 { $has }
looks-refused = 它拒绝运行 { $what }，而其标称值为 { $catalogue }

## 终端与工单中的报告

report-line = assay { $version } 报告，“{ $profile }”方案，开始于 { $started }
run-line = “{ $profile }”方案，开始于 { $started }，assay { $version }
contract-line = 合同 { $id }，sha256 `{ $sha256 }`
name-measured = 测量方式
name-trust = 可信等级
name-signed = 签名密钥
name-signed-report = 签名报告
name-public-key = 公钥
verdict-line = 结论：{ $word }
no-verdict = 没有结论
no-verdict-line = 没有结论：没有可据以判定的合同
no-verdict-because = 没有结论，没有可据以判定的合同
title-findings = 判定结果
cut-here = 此类页面最多容纳 1 MiB，故在此截断；签名报告中有全部内容。

## 报告页面

page-title = assay：{ $what }
kicker-report = assay 测量报告
title-no-verdict = 没有结论：没有可据以判定的合同
title-steps = 下一步怎么做
title-unmet = 未达到的要求
all-devices = 全部 { $count } 台设备
more-unmet = 另有 { $count } 项见下文。
wrong-results = 结果错误
wrong-on = { $on } 上的 { $what }
wrong-results-of = ：{ $what }。无论条款是否涉及，计算出错的设备都不可靠。
gap = 监测中断
gap-because = ：{ $reason }。
simulated = 模拟数据
simulated-because = ：模拟设备的数值由计算得出，没有做任何实测。
short-nothing-demanded = 只有数值：没有提出要求，因此没有作出判定。
short-all-met = { $total ->
    [0] 没有具约束力的要求。
   *[other] { $total } 项具约束力的要求全部达到。
    }
short-open = { $total } 项具约束力的要求中没有不通过的，但有 { $open } 项无法判定；未测量绝不算通过。
short-failed = { $total } 项具约束力的要求中，有 { $fails } 项不通过。
short-failed-and-open = { $total } 项具约束力的要求中，有 { $fails } 项不通过，{ $open } 项无法判定。
short-wishes = 另有 { $count } 项不具约束力的要求未达到：{ $clauses }。
fact-contract = 合同
fact-tenant = 承租方
fact-provider = 出租方
fact-node = 节点
fact-measured = 测量
fact-trust = 可信等级
fact-signed = 签名密钥
fact-name = 名称
fact-kind = 类别
fact-pci-id = PCI 标识
fact-pci-address = PCI 地址
fact-driver = 驱动
fact-units = 计算单元
fact-memory = 显存
fact-datasheet = 该 PCI 标识对应的型号
profile-and-devices = “{ $profile }”方案，{ $devices }
plots-of-some = { $all } 台设备中只画出 { $drawn } 台的图，结论最差的在前。签名报告中有全部样本。
title-clauses = 逐条判定
note-strip = 条带图依次表示：最小与最大样本（细线）、第 5 至第 95 百分位（粗条）、中位数（短竖线）以及界限（虚线，三角指向允许的一侧）。同一条款的条带图用同一刻度。
strip-about = 样本从 { $least } 到 { $most }，中位数 { $median }，界限 { $bound }
label-found = 实测
demanded = 要求{ " " }
demand-at-least = { $statistic ->
    [none] { $metric } 不低于 { $bound }
   *[other] { $metric } 的 { $statistic } 不低于 { $bound }
    }
demand-at-most = { $statistic ->
    [none] { $metric } 不高于 { $bound }
   *[other] { $metric } 的 { $statistic } 不高于 { $bound }
    }
demand-ratio = { $statistic ->
    [none] { $metric } 不低于 { $to } 的 { $share } 倍
   *[other] { $metric } 的 { $statistic } 不低于 { $to } 的 { $share } 倍
    }
demand-equals = { $metric } 等于 { $value }
demand-never = 从不出现 { $flag }
more-findings = 另有 { $count } 项，其中最差的结论为：{ $worst }
title-beside = 各设备对比
title-between = 设备之间
note-beside = 同一指标在各设备上的中位数。差距最大的指标排在最前。
nothing-beside = 没有任何指标在两台以上设备上测得。
median-of-devices = 各设备的中位数 { $median }
slowest-by = 最慢，比中位数差 { $percent } %
slowest-within = 最慢，与中位数相差不到 { $percent } %
faster-not-shown = 另有 { $count } 台更快的设备未列出。
did-not-complete = 没有完成：
never-opened = 设备始终未能打开。
title-looks = 像哪种卡
note-looks = 根据实测结果，与目录对照
title-own-word = 机器自述
note-own-word = 驱动与系统的说法，这里没有任何证实
all-claims = 全部 { $count } 项自述
title-figures = 数值
absences = 未测量：{ $count } 项指标
title-memory-errors = 显存错误
memory-errors = { $checked } 个字中有 { $wrong } 个读出有误（`{ $metric }`）：{ $set } 位由 0 变 1，{ $cleared } 位由 1 变 0，错误位为 `{ $mask }`。
first-are-shown = 只列出前 { $count } 个。
title-load = 持续满载
load-times = ，要求 { $asked }，实际监测 { $watched }
note-shaded = 阴影：设备报告降频的时段及其原因，以及无人监测的时段。
title-wrong-under-load = 满载期间的错误结果
wrong-under-load = { $checked } 个结果中有 { $wrong } 个错误。
some-word-by-word = 其中 { $count } 个（含最先与最后的），逐字列出
all-word-by-word = 全部，逐字列出
title-sensors = 运行期间的传感器读数
title-spreads = 每批耗时的分布
title-slices = 被他人占用的时间片的分布
title-samples = 按时间排列的样本
title-conditions = 测量条件与内核
foot-report = 本页面未签名，本身不能证明任何事：它只展示随附签名报告的内容。请用 `assay verify report.dsse.json --trust KEY.pub.pem` 核对。
imprint = 签名声明的 SHA-256 为 { $sha256 }，{ $count ->
    [0] 其文件未写明签名密钥
   *[other] 其文件称由密钥 { $keys } 签名
}；若属实，`assay verify` 会给出同样的值。
foot-made = 由 { $tool } { $version } 测量，由 { $judge } { $judge_version } 判定，签封于 { $sealed }
foot-seed = ，种子{ " " }
foot-contract = ，合同 SHA-256{ " " }
foot-recorded = 机器、驱动和当事人写下的文字按原文照录，未作翻译。

## 图

plot-roofline = Roofline（屋顶线）
plot-roofline-note = FLOP/s 随 FLOP/B 变化；实线为实测，虚线为标称值
plot-slope = 斜线
percent-of = { $of } 的 { $percent } %
no-datasheet-figure = 没有标称值
plot-latency = 依赖读取的延迟
plot-latency-note = 中位数（ns）随工作集大小变化；每一级台阶是一层缓存的边界
plot-over-time = { $unit }，随时间变化
plot-over-time-with-keys = { $unit }，随时间变化；{ $keys }
plot-key = { $style ->
    [dashed] 虚线：{ $name }
   *[line] 实线：{ $name }
    }
plot-addresses = 错误的位置
plot-addresses-note = 4 KiB 内的偏移，按所填显存中的位置（GB）分布
plot-times-under-load = 单次矩阵乘的时间
plot-times-note = 次数，按单次耗时（ms）分布
plot-slices-note = 次数，按每个时间片的长度（ms）分布
plot-histogram-note = 样本数，按每批 { $repeat } 次的耗时（ms）分布
plot-clocks = 频率
plot-power = 功耗
plot-temperature = 温度
plot-fan = 风扇
plot-busy = 占用率
sensor-multiprocessors = 多处理器
sensor-memory = 显存
sensor-drawn = 实际功耗
sensor-limit = 功耗上限
sensor-chip = 芯片
sensor-units = 计算单元
sensor-fan = 风扇
plot-rate-under-load = 满载速率
plot-rate-note = { $unit }，随时间变化，逐个窗口
plot-clock-under-load = 满载频率
plot-power-under-load = 满载功耗
plot-temperature-under-load = 满载温度
plot-memory-temperature-under-load = 负载下的显存温度
plot-fan-under-load = 负载下的风扇
plot-sensor-note = { $unit }，随时间变化；实线：窗口内最大值，虚线：最小值
plot-wrong-note = 每个窗口，随时间变化
plot-rises-note = 每次增加多少，随时间变化；机器自述
throttle-thermal = 过热
throttle-power = 功耗
throttle-brake = 制动
not-watched = 无人监测

## 针对一份报告的下一步

step-simulated = 请测量真实的卡：模拟设备的数值不能作任何判定，也不能作为索赔依据。
step-no-contract = 先约定机器必须达到什么：`assay contract new --from OUT/report.dsse.json` 按这些数值写出合同，`assay replay OUT/events.jsonl --contract contract.toml` 再据此判定本次运行。
step-wrong-results = 请暂不验收：有结果出错，而不通过的条款都不涉及。请查明原因，为这些指标加上条款后重测：
step-wishes = 有 { $count } 项不具约束力的要求未达到，不影响结论；请出租方说明：
step-accept-report = 所测内容可以通过验收；请将签名报告与合同、签名人的公钥一并保存。任何人随时都可以核对：`assay verify report.dsse.json --trust KEY.pub.pem --contract contract.toml`。
step-failed = 请暂不验收这台机器，并将未达到的 { $count } 项要求告知出租方：
step-identity = 有 { $count } 张卡与其名称不符，或各来源说法不一致，请勿验收，并请出租方解释或更换：
step-lost = 有 { $count } 张卡未能完成运行；请在内核消息（`dmesg`、Xid）中查找原因，请出租方重置或更换后重测：
step-parted = 卡间有 { $count } 次复制中断；请在内核消息（`dmesg`、Xid）中查找原因，检查卡间连接（`nvidia-smi topo -m`、`nvidia-smi nvlink --status`）与 fabric manager，然后重测：
step-lost-all = 没有一张卡完成运行；请先检查主机及其驱动（`dmesg`），若主机只是较慢，请用 `--hang-after` 放宽时限，然后重测：
step-bad-cards = { $all } 张卡中有 { $count } 张未达到要求，请按其位置告知出租方：
step-foreign = 测量了 { $measured } 台设备，合同只涉及 { $agreed } 台。如以下型号不同的设备不在租赁之内，请用 `--device` 指明所租的设备：
step-unseen = 测量了 { $measured } 台设备。驱动列出 { $driver } 张卡，内核列出 { $kernel } 张：已列出而未测量的卡，或未被 `--device` 选中，或对此容器不可见，或无法启动（见 `dmesg`、Xid）。
step-rows = 有 { $count } 张卡的显存已有损耗：待替换的请重置，无法替换的请更换，然后重测：
rows-pending = 有显存行等待重置后替换
rows-failed = 有显存行无法替换
step-odd = 同一型号的各卡本应一致之处并不一致，请出租方说明原因：
odd = { $fact } 多数为 { $most }，而 { $others }
odd-one = { $card } 为 { $value }
step-no-remedy = 合同没有为此约定补救办法：请要求修复或更换节点，然后重测。
step-open = 有 { $count } 项要求无法判定，请重测；做法见各自的理由：
step-nothing-decides = 所测内容不足以判定：请先约定具约束力的要求（`severity = "must"`），然后重测。
step-prove = 在据此支付大额款项之前，请让机器按您的时钟向您证明其算力：先 `assay challenge new`，再 `assay witness`。报告本身只是主机的一面之词。
step-named-key = 请要求用合同指定的密钥签名的报告：这份报告的密钥只为一次运行生成，不能说明由谁签名。
remedy-credit = 主张抵扣：每天按该节点月价的 { $per_day }，以 { $cap } 为限，涉及：
remedy-price-cut = 要求按与约定值相差的比例减价，以 { $cap } 为限，涉及：
remedy-replace = 按合同要求在 { $days } 天内更换节点，涉及：
remedy-terminate = 若 { $days } 天内未予纠正，可以解除合同，涉及：
claim-within = 须在 { $days } 天内提出。

## 多份报告

state-accepted = 达到要求
state-undecided = 待定
state-rejected = 不合格
state-missing = 从未报告
state-later = 尚未到期
refusal-unreadable = 无法读取
refusal-unknown-key = 密钥不明
refusal-changed = 签名后被改动
refusal-contradicts = 与自身样本矛盾
refusal-other-rules = 按其他规则判定
refusal-other-contract = 属于另一合同
refusal-out-of-time = 不在时限内
refusal-replayed = 重复提交
refusal-other-salt = 隐去方式不同
refusal-unsealed = 没有报告
fleet-claimed = { $again } 与节点 { $of } 的 { $first } 报告了同一张卡
fleet-unnamed = 有卡既无 UUID 也无序列号，无法确认它是否也出现在其他节点中
fleet-unsound = 最近一份报告有设备失联、出现错误结果，或对卡的身份自相矛盾
fleet-unanswered = 它写明了质询 { $challenge }，但该质询的文件不在手头，或不是承租方的，因此无法知道它是何时测得的；请用 --challenge 给出该质询的文件，或让该节点重新应答一次质询
fleet-untimely = 它自称开始于 { $started }，签封于 { $sealed }；签封必在开始之后，且除负载时间外不超过一天。请校准机器的时钟，并重新测量该节点
time-to-come = 它自称开始于 { $started }，而该时刻尚未到来；请核对机器与您自己的时钟，并重新测量该节点
fleet-other-text = 它是按同一编号合同的另一文本判定的（sha256 { $judged }，您的为 { $ours }）；请先商定同一份文件，再按该文件重新签署其记录：将其 events.jsonl 单独放进新目录，再运行 `assay seal DIR --contract FILE --key KEY.pem`
cause-stranger = 没有受信任的密钥为其签名：要么签名后被改动，要么由他人签名（其中写明的密钥为“{ $claimed }”，受信任的为“{ $trusted }”）；请向签名人本人索取公钥，不要用随报告附带的
cause-changed = 其中写明的是受信任的密钥，但签名无效：报告在签名后被改动
cause-judged-by = 它是按“{ $id }”判定的；请按本合同重新签署其记录：将其 events.jsonl 单独放进新目录，再运行 `assay seal DIR --contract FILE --key KEY.pem`
cause-judged-by-none = 它没有按任何合同判定；请按本合同重新签署其记录：将其 events.jsonl 单独放进新目录，再运行 `assay seal DIR --contract FILE --key KEY.pem`
cause-differs = “{ $what }”：报告称“{ $stated }”，重算为“{ $recomputed }”
cause-to-come = 它自称开始于 { $began }，该时刻尚未到来
cause-before = 它开始于 { $began }，早于 { $since }
cause-excluded = 合同将 { $from } 至 { $until } 排除在外：“{ $reason }”
cause-copy-of = 其全部样本与 { $first } 相同
cause-unsealed = 只有记录而没有报告：运行仍在进行，或已中断而无人签封
cause-other-salt = 其卡的标识用另一个盐值隐去（或未隐去），与 { $first } 不同：无法判断是否重复计数

## 机群页面：摘要

kicker-fleet = assay：同一合同下的多个节点
decision-accepted = 可以通过验收
decision-nothing-due = 尚无到期节点
decision-open = 尚不能判定
decision-partial = { $due } 个节点中有 { $accepted } 个可以通过验收
decision-refused = 未达到验收要求
lead-due = 至今应交付 { $promised } 个节点，其中 { $accepted } 个达到要求。
lead-due-all = 至今应交付的 { $promised } 个节点全部达到要求，共 { $accepted } 个。
lead-not-yet = 合同共 { $all } 个节点，其中 { $accepted } 个达到要求；目前没有到期的节点。
lead-no-dates = 已提交报告的 { $delivered } 个节点中，{ $accepted } 个达到要求。合同没有约定日期，因此不存在逾期。
lead-late = 逾期：{ $day }应交付 { $promised } 个节点，已逾期 { $days } 天，仍缺 { $lacking } 个。
lead-because = 判定依据：{ $causes }。
cause-double = 有卡此前已由别的节点报告的节点 { $count } 个
cause-unsound = 签名无效或数值与样本不符的报告 { $count } 份
cause-copied = 抄自别处或另行隐去标识的报告 { $count } 份
cause-rejected = 不合格的节点 { $count } 个
cause-over-fleet = 未达到的全机群条款 { $count } 条
cause-never = 清单中从未报告的节点 { $count } 个
cause-undecided = 待定的节点 { $count } 个
cause-over-fleet-open = 待定的全机群条款 { $count } 条
owed-credits = 按合同的补救条款，应抵扣 { $credits }。
owed-cuts = 按合同的补救条款，每月应减价 { $cuts }。
owed-unknown = 按合同的补救条款有应付金额，但价格条款算不出数额。
owed-both = 按合同的补救条款，应抵扣 { $credits }，另外每月应减价 { $cuts }。
tile-accepted = 达到要求的节点
tile-met = 达到的约束性要求
tile-failed = 不通过的约束性要求
tile-open = 待定的约束性要求
tile-devices = 已测设备
tile-missing = 从未报告
tile-rejected = 不合格
tile-undecided = 待定
tile-late = 逾期
tile-credits = 应抵扣
fact-as-of = 统计截止
fact-reports = 报告
reports-counted = 计入 { $reports } 份；其副本 { $repeated } 份，不予采信 { $refused } 份，其他声明 { $others } 份

## 机群页面：下一步

step-double = 请勿验收以下 { $count } 个节点：其中有卡此前已由别的节点报告过。请在您在场监看的情况下将所涉的两个节点一并重测，并要求出租方解释：
step-other-card = 请勿验收以下 { $count } 个节点：其中有卡与约定的型号不符，或各来源对其身份说法不一。请出租方解释或更换：
step-replayed = 有 { $count } 份报告是其他节点报告的副本，请查问原因并重测这些节点；在此之前不予计入：
step-other-salt = 有 { $count } 份报告隐去卡的标识的方式与其他报告不同，请用本合同的盐值重测这些节点：
step-changed = 有 { $count } 份报告在签名后被改动，或与自身样本矛盾，请作为证据保存，并要求解释：
step-unknown-key = 有 { $count } 份报告不是由您认可的密钥签名，请要求用约定的密钥重新签名提交：
step-unsealed = 有 { $count } 次运行只留下记录而没有报告。若已不在运行，请用 `assay seal DIR --contract FILE` 签署记录所载内容，或重测这些节点：
step-unreadable = 有 { $count } 个文件无法读取，请要求重新提交：
step-other-rules = 有 { $count } 份报告在此得出的结果与其所述不同；在指责任何人之前，请用判定它们的版本和补充目录再核对：
step-other-contract = 有 { $count } 份报告是按另一合同判定的，请要求按本合同判定：
step-missing = 要求交付至今应交付而从未报告的 { $count } 个节点，并要求给出交付日期。
due-credit-late = 就 { $count } 个逾期或未到的节点，主张抵扣 { $amount }。
due-credit = 就 { $count } 个未达到条款“{ $clause }”的节点，主张抵扣 { $amount }：
due-price-cut = 就 { $count } 个在条款“{ $clause }”上不足的节点，每月少付 { $amount }：
due-credit-open = 要求重测 { $count } 个已报告而尚未判定的节点：其中 { $amount } 的逾期抵扣取决于重测结果。
due-credit-if-kept = 若保留 { $count } 个从未通过的节点（否则按逾期计），就条款“{ $clause }”主张抵扣 { $amount }：
due-price-cut-if-kept = 若保留 { $count } 个从未通过、在条款“{ $clause }”上不足的节点，每月少付 { $amount }：
claim-by = 最迟须于 { $day }提出。
claim-by-past = 本应于 { $day }前提出，该期限已过。
due-replace = 要求更换 { $count } 个未达到条款“{ $clause }”的节点，最早一个的期限为 { $day }：
due-replace-past = 催促更换 { $count } 个未达到条款“{ $clause }”的节点，约定期限 { $day }已过：
due-terminate-late = 决定是否解除合同：因有 { $count } 个节点未到，按合同自 { $day }起可以解除。
due-terminate = 决定是否解除合同：因有 { $count } 个节点未达到条款“{ $clause }”，按合同自 { $day }起可以解除：
step-repair = 要求修复并重测 { $count } 个不合格的节点；合同没有为其缺陷约定补救办法：
step-again = 要求重测 { $count } 个节点，它们的报告不足以判定：
step-outliers = 请出租方检查 { $count } 个达到要求的节点：其中有卡虽然达到条款，却远远落后于同型号的其他卡：
step-failed-before = 有 { $count } 个达到要求的节点在通过之前曾不通过，请在数周后复测：
step-accept = 这些节点可以通过验收；请将报告与合同、密钥一并保存。任何人随时都可以重新统计。
step-next = { $day }前还应交付 { $count } 个节点。
step-none = 目前无需采取行动。

## 机群页面：表格

more-rows = 另有 { $count } 行；`--format json` 与 `--format csv` 中有全部内容。
title-milestones = 交付期
no-milestones = 合同没有约定日期，因此不存在逾期。
note-milestones = 各期节点数为截至当日的累计数，包含此前各期。“按期”以 UTC 当日结束为准。
head-due = 到期日
head-promised = 应交付
head-in-time = 按期到达
head-accepted-in-time = 按期通过
head-lacking = 现缺
head-late = 逾期
milestone-met = 已满足
milestone-met-late = 已满足，但曾逾期
milestone-to-come = 尚未到期
title-bad-nodes = { $count ->
    [0] 未达到要求的节点
   *[other] 未达到要求的节点（{ $count }）
    }
no-bad-nodes = 所有提交报告的节点均达到要求。
title-good-nodes = 达到要求的 { $count } 个节点
failed-before = 通过之前曾有 { $count } 次不通过
head-node = 节点
head-state = 状态
head-card = 卡
whole-node = 整个节点
all-cards = 全部 { $count } 张卡
more-reasons = （另有 { $count } 条理由）
no-reason = 没有任何报告足以判定
title-outliers = { $count ->
    [0] 明显落后的卡
   *[other] 明显落后的卡（{ $count }）
    }
no-outliers = 没有卡明显落后于同型号的其他卡。
note-outliers = 与同名的其他卡相差甚远，不论是否达到条款。若机群中没有坏卡，则有任何一张卡被列在此处的概率至多为 1 %。
head-worst-in = 最差指标
head-has = 实测
head-others = 其他卡
head-deviations = 偏离倍数
head-far-in = 落后项
title-refused = { $count ->
    [0] 不予采信的报告
   *[other] 不予采信的报告（{ $count }）
    }
none-refused = 没有不予采信的报告。
head-refused = 类别
head-report = 报告
title-availability = 可用性
no-availability = 没有计入任何报告，因此无从谈起。
availability = { $reports } 份报告中有 { $whole } 份显示全部设备完好，即完好率为 { $low } 至 { $high } %，置信度 95 %。
mtbf = 满载 { $watched } 设备小时内出现 { $failures } 次故障：平均故障间隔至少 { $hours } 小时，置信度 95 %。
no-mtbf = 没有持续满载运行，因此无法说明故障间隔。
title-money = 费用与应付补救
no-price = 合同没有约定价格，因此不涉及金额。
node-month = 每个节点每月 { $amount }。
no-node-month = 价格条款没有单个节点的价格，因此无法计算金额。
cost-per-hour = 按达到要求的节点的实际交付，每 1 { $unit } 的 { $metric } 每小时合 { $amount }。
nothing-due = 按合同的补救条款，目前没有应付项。
head-remedy = 补救
head-for = 针对
head-nodes = 节点数
head-amount = 金额
head-by-or-since = 期限或起始日
head-claim-by = 最迟提出日
claim-past = { $day }，已过
if-kept = { $amount }（若保留）
if-open = { $amount }（若重测未通过）
for-delivery = 交付
kind-credit = 抵扣
kind-price-cut = 减价
kind-replace = 更换
kind-terminate = 解除合同
sum-credits = 抵扣合计
sum-cuts = 减价合计
title-method = 统计方法
method-reports = 每份报告都用受信任的密钥验证签名，并按本合同从其自身样本重新判定。副本只计一次。不成立的一律不计，列在“不予采信的报告”中。
method-nodes = 报告按运行时给出的名称归入节点，没有名称的按此前一起出现的卡归入。同一 UUID 或序列号出现在两个节点中时，归咎于后出现的节点。
method-accepted = 节点达到要求的条件：最近一份足以判定的报告为通过；其每张卡都有 UUID 或序列号；且最近一份报告没有设备失联、没有错误结果、对卡的身份没有矛盾。
method-clocks = 统计截至 { $as_of }（UTC）。时间以机器自身的时钟为准，日期按 UTC 日历。节点自首份通过的报告之日起视为已到，此后未达到的不影响。已到的节点按先后填补各交付期的名额。合同排除的时段每满 24 小时，逾期减少一天。
method-outliers = 明显落后的卡：对每项指标和型号，以稳健标准差衡量与中位数的距离，并与同样多个正态数值偶然出现的距离相比，对全部数值统一检验（Holm 法），且至少相差 2 %。
method-money = 金额：一个月按 730 小时计。同一补救所列条款中，每个节点只计最严重的一项。抵扣按每个节点每天累计，以上限为限：逾期计至节点到达之日；条款自首份未达到的报告计至下一份达到的报告，否则计至统计日。减价按节点中最差一张卡与约定值相差的比例计，无法用数值衡量的按上限全额计，同一节点的减价合计不超过其价格。各节点的每笔金额按分四舍五入，合计为舍入后金额之和。仅在保留从未通过的节点时才应付的，或取决于重测的，不计入合计。提出期限：抵扣自其天数终止之日起算，解除合同自可以解除之日起算，其余自首份未达到的报告之日起算。这只是按合同条款所作的计算，不是法律意见。
method-limits = 报告由被测机器自己生成：它说明测得了什么，不能说明主机没有作假，也不能说明测了多少次才交出这一份，回应了质询的报告也一样。为此请用 `assay witness`。
foot-fleet = 本页面未签名，本身不能证明任何事：它只展示各签名报告的统计结果。请用 `assay fleet REPORTS --contract FILE --trust KEY.pub.pem` 重新统计。
foot-fleet-made = 由 assay { $version } 统计

## 终端中的机群

fleet-contract = 合同 { $id }，sha256 { $sha256 }
fleet-as-of = 统计截至 { $as_of }，依据{ $sources }
count-reports = 计入的报告 { $count } 份
count-other-text = { $count } 份按合同的另一文本判定，条款相同
count-copies = 其副本 { $count } 份
count-refused = 不予采信的报告 { $count } 份
count-others = 其他声明 { $count } 份
not-named = 未约定
row-contracted = 合同总数
row-promised = 应交付
row-delivered = 已交付
row-healthy = 完好
about-contracted = 各交付期的节点总数
about-promised = 截至目前
about-delivered = 已提交报告
about-missing = 至今应交付或列在清单中，而从未报告
about-healthy = 没有卡失联、出错或与名称不符
about-accepted = 最近一份足以判定的报告为通过
about-rejected = 不通过，或有卡同时属于别的节点
about-undecided = 没有报告足以判定
head-accepted-node = 达到要求的节点
head-but = 说明
far-cards = 明显落后于同型号其他卡的卡，不论是否达到条款：
more-lines-json = 另有 { $count } 行；--json 中有全部内容
more-lines = 另有 { $count } 行；--format json 或 csv 中有全部内容
sums = 抵扣 { $credits }，每月减价 { $cuts }

## 机群条款与验收依据

reason-within-guard = 与界限相差不到 { $guard }，在该数值的不确定度之内；请重新运行，或测得更久
reason-decided-over-fleet = 该数值有效；是否足够由整个机群判定，见 `assay fleet`
reason-names-a-challenge = 它写明了质询 { $challenge }；是否确已应答，凭该质询的文件核对：`assay verify 报告 --challenge 文件` 或 `assay fleet`
reason-answers-no-challenge = 它没有应答任何质询，无法证明是何时测得的；请承租方先 `assay challenge new`，再 `assay run --challenge 文件`
reason-shown-by-a-proof = 报告无法证明这一点，须由见证方在场的证明说明：先 `assay witness`，再 `assay verify 报告 --proof 证明` 或 `assay fleet`
reason-not-proved = 没有成立的证明，或最近一次证明未成立
reason-proved-little = 所证明的下限不足；请用更长时间或更快的链路重新证明
reason-proved-at-level = 证明的等级为 { $is }，要求为 { $demanded }
reason-other-catalogue = 合同以目录 { $pinned } 为准，而本程序的目录是 { $has }；请用当时的版本判定
head-over-fleet = 机群条款
head-met = 达到
head-failed = 未达到
head-not-met = 未达到的条款
quorum-of = { $cards } 张卡的 { $quorum }
verdict-waived = { $verdict }，已豁免
fleet-simulated = 模拟：{ $count } 个节点并未交付任何东西，其数值均为计算所得
fleet-challenged = { $delivered } 个节点中有 { $challenged } 个应答了质询
fleet-proved = { $challenged }，{ $proved } 个向见证方证明了计算
fact-freshness = 新鲜性
fleet-evidence = 验收通过的 { $accepted } 个节点中，{ $challenged } 个应答了质询，{ $proved } 个向见证方证明了计算

## 验收证书

certificate-contract = 合同 { $id }，sha256 { $sha256 }，统计截至 { $as_of }
certificate-accepted = 验收通过：{ $count } 个节点
certificate-accepted-of = 验收通过：{ $contracted } 个节点中的 { $accepted } 个
certificate-lacking = 届时应交付而未通过验收的节点：{ $count } 个
certificate-refused = 拒绝验收：{ $reason }
certificate-waived = 豁免：{ $clause }，原因：{ $reason }
certificate-waived-on = 豁免：{ $node } 上的 { $clause }，原因：{ $reason }
certificate-sums = 应付抵扣 { $credits }，每月减价 { $cuts }
certificate-signed = { $role ->
    [tenant] 承租方
   *[provider] 出租方
    }已签名，密钥 { $key }
certificate-not-signed = { $role ->
    [tenant] 承租方
   *[provider] 出租方
    }尚未签名，密钥 { $key }
certificate-file = 证书 { $file }
certificate-salt = 盐值 { $file }，只供双方持有：凭它可知所指的是哪些卡
certificate-next = 下一步：{ $role ->
    [tenant] 承租方
   *[provider] 出租方
    }若同意这些选择，用 `{ $command }` 签署同一证书
certificate-choice-nodes = --nodes NODES.txt（其 { $nodes } 个名称排序后的 sha256 为 { $sha256 }）
certificate-signatures-hold = 签名有效，签名密钥是证书自称的双方密钥；给出 --contract 和 --reports 可核对其依据
certificate-contract-holds = 签名有效，合同相符；再给出 --reports 可重新推算
certificate-holds = 签名有效，由合同与报告推算出同一证书
certificate-differs = 签名有效，但由合同与报告推算出的证书不同；请勿采信
certificate-difference = { $what }：证书为 { $stated }，报告为 { $recomputed }
head-nodes-failed = 未达到的节点数
head-nodes-undecided = 待定的节点数
head-nodes-met = 达到的节点数
head-waived = 已豁免

## 终端中的验证

word-pass = 通过
word-inconclusive = 无法判定
word-fail = 不通过
count-readings = { $count } 次读数
section-signed = 已签名：由此密钥签名，此后未被改动
section-recomputed = 在此由原始样本重新算出
section-proved = 已向见证方证明
section-own-word = 机器自述，这里没有任何证实
differs = 不一致：{ $what }
differs-report-says = 报告称
differs-you-demand = 您要求
differs-samples-say = 样本表明
differs-recording-says = 记录表明
verification = 验证：{ $words }
verified-lacks-proof = 合同要求的证明没有给出，或证明不足（--proof 证明），因此无法判定。
verified-lacks-challenge = 合同要求应答质询，但没有给出该质询（--challenge 文件），因此无法判定。
verified-holds = 签名有效，全部数值与判定均可由样本得出
verified-by-another-contract = 签名有效，报告与其样本一致，但它是按另一合同判定的；请要求按您给出的合同重测，或先用 `--events` 确认记录属于该次运行，再用 `assay replay events.jsonl --contract` 对其重新判定
verified-unknown-signatures = 另有 { $count } 个签名不属于您信任的任何密钥，不说明任何问题。
verified-by-another-text = 签名有效，全部数值与判定均可由样本得出；您给出的合同是条款相同的另一文本：只有空白、注释或换行不同
verified-not-by-this-version = 签名有效，但本版本 { $ours } 由样本得出的结果与报告所述不同，而报告由版本 { $judge } 判定：规则与目录会随版本变化，请用该版本再验证；若仍不一致，不要采信
verified-recording = 该记录与本报告的证据完全一致，直至最后一个数值。
verified-other-recording = 该记录与本报告的证据不一致：它被改动或截断，或属于另一次运行。作为依据的是签名报告。
verified-untimely = 其时间存疑，因此无法判定：{ $doubt }
verified-by-other-overlays = 签名有效，但报告判定时所用的补充目录与您用 --overlay 给出的不同；请向判定者索取报告所列的增补（按各自的 SHA-256），只用这些再验证：在此之前，无法断定不一致之处是否有假
verified-not = 签名有效，但报告与自身样本不一致；不要采信
ledger-of = { $of }：{ $what }
ledger-host = 主机：{ $what }
ledger-signer = 签名人
ledger-statement = 声明
ledger-party = 签名方身份
ledger-party-tenant = 承租方，按报告所载合同中的密钥
ledger-party-provider = 出租方，按报告所载合同中的密钥
ledger-party-neither = 按报告所载合同中的密钥，既非承租方也非出租方
ledger-key = 密钥
ledger-key-ephemeral = 仅为这份报告生成的密钥
ledger-key-named = 由签名人长期保管的密钥
ledger-judged-by = 判定程序
ledger-judged-with = 判定所用目录
ledger-other-contract = 原为另一合同测量
ledger-key-name = 信封中的密钥名
ledger-wrong-hint = { $hint }，不是签名人的；这个名称不受签名保护
ledger-summaries = 统计项
ledger-findings = 判定项
ledger-differences = 不一致项
ledger-identity = 身份
ledger-no-identity = 无，设备始终未能打开
ledger-telemetry = 遥测
ledger-simulated-by = 模拟脚本 { $script }
ledger-reported-memory = 自述显存
ledger-provenance = 类别
ledger-clocks = 时钟
ledger-timed-there = 全部样本都在被测机器上计时
ledger-started = 开始时间
ledger-sealed = 签封时间
ledger-measured-by = 测量程序
ledger-adapter = { $name }，{ $speed } Mbit/s
ledger-hypervisor = 运行在虚拟机监控器之下
ledger-no-hypervisor = 没有虚拟机监控器
ledger-machine = 机型
ledger-processor = 处理器
ledger-threads = 处理器线程
ledger-host-memory = 内存
ledger-numa = NUMA 节点
ledger-kernel = 内核
ledger-virtualisation = 虚拟化
ledger-container = 容器
ledger-network = 网络
ledger-challenge = 质询
ledger-answers-challenge = sha256:{ $sha256 }；全部数据都由它产生，因此如实的报告不会早于它
ledger-names-challenge = 自称应答 sha256:{ $sha256 }；请给出 --challenge

## 机群与清单

listed = 清单中的 { $nodes } 个节点有 { $count } 个没有计入的报告（名称排序后：sha256 { $sha256 }）
count-strangers = 清单之外节点的报告 { $count } 份
head-never-reported = 从未报告
head-not-listed = 不在清单中
no-name = 无名称
title-over-fleet = 机群条款
title-listed = 节点清单
step-over-fleet = 就机群整体的不足提出要求：条款“{ $clause }”有 { $count } 张卡未达到。
certificate-since = { $since } 之前的报告未计入
certificate-of-another-day = 统计时点在现在之前 { $days } 天（负数表示之后）：逾期与抵扣以该时点为准
certificate-refused-reports = 不予采信的报告 { $count } 份，`assay fleet` 会逐一列出

## 合同检查

contract-from-failed = 注意：{ $file } 未通过，其下限尚不足为据：{ $against }
lint-well-formed = { $file }：合同“{ $id }”格式正确，共 { $clauses } 条条款
lint-clause = 条款“{ $id }”：{ $why }
lint-write = 建议：{ $write }
lint-counts = { $errors } 个错误，{ $warnings } 个警告
weight-error = 错误
weight-warning = 警告
lint-ambiguous-sku = “{ $name }”可以指 { $count } 种不同的卡：{ $cards }
lint-counted-sku = “{ $name }”把数量也写进了型号：没有卡叫这个名字，每张卡都会被当作别的型号
lint-counted-sku-write = { $names }，另写 devices = { $count }
lint-unknown-sku = 目录中没有“{ $name }”，因此无法核对任何界限，只能比对名称
lint-unknown-sku-write = sku = "..."，取自 `assay catalogue list` 列出的名称
lint-p-undefined = 一个“P”是每秒 10^15 次运算，却没有说明是哪种运算：同一张卡在不同精度下相差数倍，稀疏（半数操作数为零）的标称值又翻一倍，实测则低于标称
lint-p-unused = 价格不按算力计，PFLOPS 如何定义没有任何作用
lint-p-unused-write = per = "pflops_month"，或删去 pflops
lint-p-sparse = 稀疏标称值把对零的运算也计算在内：稠密矩阵乘至多达到其一半
lint-no-way = 本程序无法测量 { $card }：节点上的任何结果都不能作出判定
lint-no-way-write = 有 CUDA 或 Vulkan 驱动的卡，或者另行约定测量方法
lint-unmeasured = 本程序无法在 { $card } 上测量 { $what }，该条款因此无法判定
lint-unmeasured-write = severity = "info"，或删去该条款
lint-too-few = { $what } 需要 { $needed } 台设备，而一个节点只有 { $devices } 台，该条款因此无法判定
lint-part-of-units = 本程序测 { $metric } 的内核未必能用满 { $card }：未达到下限的卡无法判定
lint-part-of-units-write = 若只须认出达到下限的卡，则无需改动
lint-no-throttle-at-all = 满载矩阵乘时，任何正常的卡都会达到功耗上限并按设计降频，没有卡能满足这一条
lint-no-throttle-at-all-write = never = "throttle.thermal"，并为 sustain.<precision>.rate 约定下限
lint-memory-unit = 这等于 { $promised }（GB 为 10^9 字节，GiB 为 2^30 字节），超过任何 { $card } 的显存：{ $most }
lint-reachable = 该卡能够达到的下限
lint-unreachable = 从未见过 { $card } 达到 { $bound }：正常的卡达到 { $low } 至 { $high }（“{ $conditions }”）
lint-datasheet = { $card } 的标称值为 { $figure }
lint-sparse-as-dense = { $bound } 是半数元素为零的稀疏矩阵的标称值；按稠密计算，{ $has }
lint-both-directions = { $bound } 是链路双向之和；{ $metric } 只计单向，按单向计算，{ $has }
lint-above-datasheet = { $bound } 超出了该卡的能力：{ $has }
lint-far-too-lax = { $card } 的正常卡可达 { $healthy }：只要求 { $bound }，则坏卡或别的型号也能通过；单位前缀是否写错？
lint-little-memory = 这只有 { $promised }，而每张 { $card } 都有 { $least }：单位前缀是否写错？
lint-less-is-better = { $metric } 越小越好，写 at_least 会拒绝好的、放过坏的
lint-more-is-better = { $metric } 越大越好，写 at_most 会拒绝好的、放过坏的
lint-share-of-all = { $metric } 是占比，永远不超过 100 %：“不高于 { $bound }”总能满足
lint-share-of-much = 正常的卡不会损失这么多：{ $metric } “不高于 { $bound }”会放过有故障的卡
lint-hardly-watched = 只监测 { $bound } 的负载，看不出发热的任何影响；单位是否写错？
lint-unknown-word = { $metric } 从不会是“{ $value }”，只可能是 { $all }
lint-many-devices = 一个节点有 { $devices } 台设备：多数节点为 8 台，几乎没有超过 { $usual } 台的，更没有超过 { $most } 台的
lint-many-devices-write = devices = 8，节点数写在 [[delivery]] 的 nodes 中
lint-one-key = 双方的公钥相同，等于由一方替双方签名
lint-one-key-write = key_sha256 = "..."，须为该方独有的密钥，其值由 `assay key show` 显示
lint-past-day = { $due } 已经过去：今天是 { $today }
lint-past-day-write = 写将来的日期；若租约已在履行，则无需改动
lint-no-days = { $key } = 0 意味着一天时间也没有留
lint-in-decades = { $text } 在 { $years } 年以后：是否写错？
lint-in-decades-write = 写双方约定的日期或天数
lint-of-twice = 同一补救中“{ $id }”写了两次：只计一次
lint-of-twice-write = of 中“{ $id }”只写一次
lint-no-amount = 价格是一笔总价，无法分摊到节点：抵扣和减价算不出金额
lint-no-lease = 既没有价格和日期，也没有补救条款：它只说明测什么，算不上租赁合同
lint-no-lease-write = 若只作测试，无需改动；若作租赁，请从 `assay contract new --sku ... --nodes ... --gpus-per-node ...` 开始
lint-no-model = 没有写明型号，交付任何卡都算履约
lint-no-model-write = 在 [inventory] 中写 sku = "H200 SXM"
lint-no-count = 没有写明每个节点有多少台设备
lint-no-count-write = 在 [inventory] 中写 devices = 8
lint-no-date = 没有约定何时应交付多少节点，因此永远不会逾期
lint-no-date-write = 加一段 [[delivery]]，写 due = "2027-01-31" 与 nodes = 12
lint-no-price = 没有约定价格，任何补救都无法折算成金额
lint-no-price-write = 加一段 [price]，写 amount = "2.40 USD" 与 per = "device_hour"
lint-no-card = 没有任何卡的节点也能达到本合同：accept 中有 { $kinds }，计算得出或由 CPU 产生的数值也算数
lint-no-compute = 没有约定应交付多少算力：没有任何 must 条款以 at_least 约定运算速率
lint-no-bandwidth = 没有约定显存带宽，而低档卡大多正是欠缺带宽
lint-bound-write = metric = "{ $metric }"，并写 at_least = "{ $low }" 与 statistic = "p50"
lint-no-memory = 没有约定显存容量
lint-no-memory-write = 在 [inventory] 中写 memory = "{ $size } GB"
lint-no-duration = 没有约定算力必须持续多久：五分钟后就降频的卡也能通过
lint-no-duration-write = metric = "sustain.watched.time"，并写 at_least = "24 h"，同时为 sustain.bf16.rate 约定下限
lint-no-remedy = { $names } 未达到时没有任何后果
lint-no-remedy-write = 加一段 [[remedy]]，写 of = [{ $names }]、kind = "credit"、per_day = "1 %" 与 cap = "30 %"
lint-no-key = 没有写明{ $who ->
    [tenant] 承租方
    [provider] 出租方
   *[both] 承租方与出租方
    }的公钥，任何人都可以冒充其签名
lint-no-key-write = 在 { $tables } 中写 key_sha256 = "..."，其值由 `assay key show` 显示

## 两份报告的对比

compare-signed = 签名：两份均有效，签名密钥为您所信任
compare-not-checked = 签名：未核对；请用 --trust 给出您信任的密钥
compare-covered = 证书：有效期至 { $until }，后次报告在有效期内
compare-not-covered = 证书：有效期至 { $until }，后次报告不在有效期内
compare-reversed = 次序：后次报告的开始时间早于前次；请把较早的放在前面
compare-width = 比较均值，所有区间同时成立的置信度为 { $level } %；变化不超过 { $width } % 视为没有变化
compare-between = 各对按此前报告中的位置编号；每对只测了片刻，因此这里不超过 { $width } % 的变化视为不变，没有变化的对只计数
compare-only = 只看 { $names }；报告中的其他内容不计
compare-open = 至少一台设备上，其中完全无从比较的：{ $names }
compare-pair = { $devices }，按{ $by ->
    [uuid] {" "}UUID{" "}
    [serial] 序列号
    [selector] 选择器
   *[other] {" "}PCI 地址
    }认定为同一台设备
compare-ended = { $device }，后次：{ $how }
compare-only-before = { $device }：仅见于前次报告
compare-only-after = { $device }：仅见于后次报告
compare-word-of-cards = 卡的自述来自主机，主机可以让它说任何话：这是声明，不是证明。
card-same = 据自述为同一张卡
card-another = 据自述为另一张卡
card-contradiction = 自相矛盾
card-doubtful = 需要核查
card-unknown = 无从断定是否为同一张卡
ground-equal = 一致的有 { $signs }
ground-differs = { $sign }不同：前次 { $before }，后次 { $after }
ground-updated = VBIOS 不同，更新后也会如此：前次 { $before }，后次 { $after }
ground-not-fallen = 终身计数均未减少（{ $counters }）
ground-fell = { $counter }的终身计数从 { $before } 减到 { $after }，任何卡都不会如此
ground-fell-or-cleared = { $counter }的终身计数从 { $before } 减到 { $after }：或者是另一张卡，或者有人清零
ground-hidden-otherwise = 两份报告中卡的标识并非以同一个盐值隐去，无法比较
ground-nameless = 没有任何卡的标识同时见于两份报告
ground-software = 在 CPU 上运行的驱动没有卡
ground-part = 所测的是一张卡的 MIG 切片，其标识不是整张卡的
ground-under-anothers-name = 可能是一张卡冒用了另一张卡的标识
ground-under-two-names = 可能是一张卡用了两个标识
maps-agree = 延迟图一致（{ $likeness }）
maps-differ = 延迟图不同（{ $likeness }）
maps-open = 无从断定延迟图是否一致（{ $likeness }）
maps-silent = { $when ->
    [before] 前次
   *[after] 后次
    }的延迟图分辨不出各单元
maps-incomparable = 延迟图无法比较：{ $why }
maps-likeness = r = { $r }，区间 { $low } .. { $high }，{ $units } 个单元
compare-maps = 同一芯片的两份延迟图，相关系数应不低于 { $line }，区间置信度 { $level } %。这一界线尚未在硬件上标定：延迟图不同从不单独定论，一致也只是佐证。
sign-uuid = UUID
sign-serial = 序列号
sign-board-part = 板卡部件号
sign-subsystem = PCI 子系统标识
sign-units = 计算单元数
sign-vbios = VBIOS
lifetime-remapped-corrected = 因可纠正错误而重映射的行
lifetime-remapped-uncorrected = 因不可纠正错误而重映射的行
lifetime-retired-pages = 退役页
lifetime-ecc-corrected = 已纠正的显存错误
lifetime-ecc-uncorrected = 未纠正的显存错误
compare-overall = 对比结果：{ $word }（{ $counts }）
compare-pass = 持平或改善
compare-count = { $change } { $count } 项
compare-nothing = 没有两次都测得的指标
head-before = 前次
head-after-it = 后次
head-after-to-before = 后次 / 前次
change-improved = 改善
change-same = 持平
change-not-comparable = 不可比
change-undecided = 待定
change-no-longer-measured = 不再测量
change-degraded = 劣化
because-worse = 整个区间的劣化都超过容许幅度
because-better = 整个区间的改善都超过容许幅度
because-not-worse = 劣化未超过容许幅度
because-too-wide = 区间太宽，无法判定；请用 --duration 延长测量
because-too-few-samples = { $when ->
    [before] 前次
   *[after] 后次
    }只有 { $samples } 个样本，至少需要 { $needed } 个
because-nothing-above-zero = 样本给不出大于零的数值
because-fewer = 数量减少
because-as-many = 数量不变
because-more = 数量增加
because-wrong-results = 出现错误结果
because-nothing-before = 前次为零
because-share-not-more = 增加未超过容许幅度
because-share-more = 增加超过容许幅度
because-no-share = 没有数值
because-not-measured-before = 前次未测量
because-not-measured-after = 后次未测量
because-absent-after = 后次未测量：{ $why }
because-not-completed-after = 后次未测量：该次运行没有完成
because-no-figure = 不是数值
because-lower-bound-only = 只是下限
because-timed-and-counted = 一次为计时，一次为计数
because-tells-units-apart = 它区分各单元，参见是否为同一张卡
because-too-few-units = 两份报告共有的单元只有 { $units } 个，至少需要 { $needed } 个
because-unsound = { $when ->
    [before] 前次
   *[after] 后次
    }{ $why }
because-wrong-result = 设备算出了错误结果
because-canary-missed = 检查没有发现预埋的错误
because-nothing-compared = 结果没有经过任何精确比较
because-beyond-all = 没有这样的设备能达到此值
because-clocks-disagree = 设备时钟与主机时钟不一致
because-samples-without-figure = 样本给不出有限的数值
because-another-time = 两次满载的时长不同
because-other-provenance = 设备类别不同：前次为{ $before }，后次为{ $after }
provenance-unknown = 未知
because-other-kernels = 两次的内核不同，参见各自的摘要
because-other-sizes = 两次的规模不同：前次“{ $before }”，后次“{ $after }”
because-other-data = 两次数据的分布不同

## 本机设备与诊断

head-selector = 选择器
head-pci-id = PCI 标识
head-features = 特性
list-software = 软件实现（CPU）
list-caveat = { $selector }：“{ $caveat }”
list-no-devices = { $backend }：没有设备：“{ $why }”
nvml-found = 版本 { $version }，驱动 { $driver }，列出 { $cards } 张卡
nvml-found-at = 版本 { $version }，驱动 { $driver }，列出 { $cards } 张卡，{ $path }
nvml-missing = 无法获取 NVIDIA 卡的遥测：“{ $why }”
library-found = 版本 { $version }，{ $path }
cublaslt-missing = 并非必需，只是没有可与本程序比较的矩阵乘：“{ $why }”
nccl-missing = 并非必需，只是没有多块 GPU 协同工作的数据：“{ $why }”
doctor-hardware = 硬件设备
doctor-software = 软件设备
doctor-missing = { $backend }：“{ $why }”
doctor-no-backend = 本程序编译时没有包含 GPU 后端：只能验证、判定、重放和模拟。
doctor-not-in-vulkan = 已加载 NVIDIA 内核驱动，但 Vulkan 没有列出该卡。
doctor-ready = 已就绪：`assay run --contract FILE` 将测量硬件设备。
doctor-ready-to-try = 可以试用：`assay run` 将测量 CPU 上的软件设备；只有接受 "software" 的合同才可能在它上面通过。
doctor-not-ready = 目前没有可测量的设备。`assay run --device sim:h200 ...` 可在模拟卡上演示一次运行，结果会标明为模拟。
fix-capabilities = 若在容器中，启动容器时请加 { $flag }
fix-vulkan-part = 请安装 NVIDIA 驱动的 Vulkan 组件；若在容器中，启动容器时请加 { $flag }
fix-nvml-ubuntu = Ubuntu 上为 libnvidia-compute-<驱动版本>；若在容器中，启动容器时请加 { $flag }
fix-nvml-library = 请安装 NVIDIA 驱动的 NVML 库；若在容器中，启动容器时请加 { $flag }
fix-nothing-without-nvidia = 没有 NVIDIA GPU 则无需处理；若有，请安装 NVIDIA 驱动
fix-cuda-part = 请安装 NVIDIA 驱动的 CUDA 组件；若在容器中，启动容器时请加 { $flag }
fix-mesa = 用于 AMD、Intel 以及 CPU 上的软件设备
fix-vulkan-loader = 请安装 Vulkan 加载器以及该卡的 Vulkan 驱动

## 各项指标的含义

head-unit = 单位
head-what-it-is = 含义
unit-text = 文本
about-device-name = 驱动给出的设备名称
about-vendor-id = PCI 厂商标识，四位十六进制数
about-device-id = PCI 设备标识，四位十六进制数
about-pci-address = PCI 地址，dddd:bb:dd.f
about-device-uuid = 设备 UUID，32 位十六进制数
about-device-driver = 驱动名称与版本
about-device-units = 自述的多处理器数或计算单元数
about-device-memory = 自述的显存大小，以字节计
about-nvml-library = 已加载的 NVML 库路径
about-nvml-library-sha256 = 该文件的 SHA-256
about-nvml-version = NVML 库版本
about-nvml-driver-version = NVIDIA 内核驱动版本
about-nvml-cards = NVML 列出的卡数
about-nvml-name = 卡的名称
about-nvml-uuid = 卡的 UUID
about-nvml-serial = 板卡序列号
about-nvml-board-part-number = 板卡部件号
about-nvml-vbios = VBIOS 版本
about-nvml-pci-id = PCI 厂商与设备标识，vvvv:dddd
about-nvml-pci-subsystem-id = PCI 子系统厂商与设备标识，vvvv:dddd
about-nvml-architecture = 芯片架构
about-nvml-cores = CUDA 核心数
about-nvml-memory-bytes = 显存总量
about-nvml-memory-used-bytes = 运行开始时已占用的显存，包括本程序占用的部分
about-nvml-processes-others = 运行开始时占用该卡的其他进程
about-nvml-bar1-bytes = 主机访问显存的窗口大小
about-nvml-pcie-generation-max = 卡与插槽支持的最高 PCIe 代数
about-nvml-pcie-width-max = 卡与插槽支持的最多 PCIe 通道数
about-nvml-power-limit-mw = 运行开始时设定的功耗上限
about-nvml-power-limit-default-mw = 出厂默认的功耗上限
about-nvml-power-limit-min-mw = 可设定的最低功耗上限
about-nvml-power-limit-max-mw = 可设定的最高功耗上限
about-nvml-clock-max-mhz = 多处理器的最高频率
about-nvml-memory-clock-max-mhz = 显存的最高频率
about-nvml-ecc = 显存是否启用 ECC
about-nvml-ecc-pending = 下次重启后是否启用 ECC
about-nvml-ecc-default = 出厂默认是否启用 ECC
about-nvml-confidential-computing = 是否开启机密计算
about-nvml-confidential-devtools = 机密计算是否处于允许窥视的开发者模式
about-nvml-mig = 卡是否已切分（MIG）
about-nvml-mig-pending = 下次重置后是否切分（MIG）
about-nvml-compute-mode = 允许谁同时使用该卡
about-nvml-persistence = 没有使用者时驱动是否保持加载
about-nvml-virtualisation = 整卡、直通还是 vGPU
about-nvml-nvlinks = 卡上的 NVLink 链路数
about-nvml-nvlinks-active = 其中处于活动状态的链路数
about-nvml-fabric = 卡是否已加入 NVLink 互联域
about-pci-id = 内核所报的 PCI 厂商与设备标识，vvvv:dddd
about-pci-subsystem-id = 内核所报的 PCI 子系统厂商与设备标识，vvvv:dddd
about-pci-class = 内核所报的 PCI 类别，六位十六进制数
about-pci-driver = 占用该卡的内核驱动
about-pci-numa-node = 卡所在的 NUMA 节点
about-pci-slot = 内核所述的机箱插槽
about-pci-generation-max = 内核所报的最高 PCIe 代数
about-pci-width-max = 内核所报的最多 PCIe 通道数
about-pci-cards = 内核列出的该厂商显示与计算卡数
about-amdgpu-serial = amdgpu 所报的板卡序列号
about-amdgpu-part-number = amdgpu 所报的板卡部件号
about-amdgpu-vbios = amdgpu 所报的固件版本
about-amdgpu-compute-partition = amdgpu 所报的计算单元划分方式：SPX 表示全卡为一个设备
about-amdgpu-memory-partition = amdgpu 所报的显存划分方式：NPS1 表示全卡为一个整体
about-fma = 向量单元的乘加速率上限，{ $case }
about-mma = 张量单元的乘加速率上限，{ $case }
about-gemm = 稠密矩阵乘，由本程序的内核计算，{ $case }
about-vendor = 同上，由厂商的库（cuBLASLt）计算，仅当机器上有该库时，{ $case }
about-stream = 显存带宽，STREAM { $case }
about-driver-copy = 驱动自带的缓冲区复制，读写字节合计
about-l2 = 读取可全部放入 L2 缓存的工作集
about-filled = 能同时存放各自不同数据的显存大小
about-memory-errors = 两遍核对中读出有误的字数
about-memory-write = 向这些显存写入测试图样
about-memory-verify = 从这些显存回读并核对测试图样
about-h2d = 主机内存到显存
about-d2h = 显存到主机内存
about-link-both = 双向同时传输，两个方向字节合计
about-h2d-pageable = 主机到设备，主机内存未锁页
about-d2h-pageable = 设备到主机，主机内存未锁页
about-h2d-kernel = 由内核读取主机内存，主机到设备
about-d2h-kernel = 由内核写入主机内存，设备到主机
about-link-latency = 连续多次 4 KiB 传输中单次的延迟，{ $case }
about-units = 实际执行任务的不同计算单元数
about-stolen = 并非由本程序引起、全部计算单元同时停顿的时间占比
about-slice = 全部计算单元同时停顿的每个时间片的长度（不短于 200 us）；没有则为 0
about-disturbed = 同样的短小计算比其中最快的十分之一多用的时间占比（只计多用超过四分之一者）
about-disturbed-memory = 同上，但计算换成显存内大小相同的复制
about-l2-cycles = 由 L2 缓存应答的一次依赖读取，逐单元测量，以该单元的时钟周期计
about-peer = 设备之间，以最慢的一对为准；`peer.0-1.rate` 指从本次运行的第一台设备到第二台
about-collective = 全部设备同时通过厂商的库（NCCL）协同工作，仅当机器上有该库时：{ $case } 的总线带宽，算法同 nccl-tests
about-chase = 依赖读取的延迟，工作集为 { $case }
about-chase-largest = 依赖读取的延迟，工作集为所测过的最大者
about-sustained = 持续满载下的稠密矩阵乘，{ $case }，逐个窗口
about-drift = 最后一个窗口的矩阵乘比第一分钟慢多少
about-variation = 各窗口速率的标准差与均值之比
about-product-time = 单次矩阵乘耗时的 { $case }
about-wrong-results = 满载期间的错误结果：矩阵乘、运算链、显存、链路
about-mtbe = 错误结果的平均间隔时间的下限（置信度 95 %）
about-watched = 满载持续并受监测的时长
about-throttled = 传感器读数中出现 { $case } 的占比；若超过 5 % 的时间没有读数，则无此数值
about-first-throttle = 首次因过热或外部制动而降频、或传感器不再读出之前的时间
about-energy = 矩阵乘每次运算的能耗：运行期间的功耗乘以时间
about-counter = 运行期间驱动的 { $case } 计数增加了多少
about-remap-pending = 是否有显存行等待重置后替换，1 或 0；对退役页的卡，为等待的页数
about-remap-failure = 是否曾有显存行无法替换，1 或 0
about-spread = 最热与最冷设备的温差，各取其最高温度
about-lag = 最慢的设备比其余设备的中位数低多少，主机链路以外的任一速率；`node.gemm_bf16.lag` 即 `gemm.bf16.rate` 的落后幅度

## 卡的目录

catalogue-list = 共 { $cards } 种卡；速率为标称的稠密峰值，单位 TFLOP/s，FP16 或 BF16，FP32 累加。
catalogue-list-more = `assay catalogue show NAME` 说明每个数值的出处。
catalogue-version = 版本 { $version }，sha256 { $sha256 }
head-bandwidth = 带宽
head-power = 功耗
head-fact = 项目
head-value = 数值
head-confidence = 可信度
head-sources = 来源
catalogue-rates = 速率为稠密峰值；FP16 与 BF16 为 FP32 累加；链路按双向合计。
catalogue-note = 备注：“{ $note }”
title-sources = 来源
source-from-memory = ；凭记忆引用
source-perhaps-read = ；是否读过原文不详
head-id = 编号
head-what = 内容
no-bands = 尚不知道这种卡在正常情况下能达到多少。
title-bands = 正常的卡能达到的数值
head-typical = 典型值
head-low-high = 低 .. 高
head-basis = 依据
head-note = 注
about-band-own = 自测：assay 的签名报告，取其样本的第 5 至第 95 百分位
about-band-published = 已公布：由其他工具按其自身的条件测得
about-band-inferred = 推断：按同架构的卡实际达到标称值的比例推算
band-own = 自测
band-confidence = 可信度{ $confidence }
one-figure = 单一数值
catalogue-built-in = 内置目录 { $version }
catalogue-overlay = 补充目录“{ $title }”，版本“{ $version }”
catalogue-counts = { $what }：{ $cards } 种卡，{ $facts } 项数据，{ $sources } 个来源，{ $bands } 个参考区间
catalogue-signed = 签名密钥 { $signer }，为您所信任
catalogue-wrong = 错误  { $at }：{ $why }
catalogue-sound = 每项数据都有来源，全部数值相互吻合
catalogue-mistakes = { $count } 处错误
column-maker = 厂商
column-architecture = 架构
column-compute-capability = 计算能力
column-boost-clock = 加速频率
column-fp64-tensor = FP64，张量单元
column-bandwidth = 显存带宽
column-l2 = L2 缓存
column-power-limit = 功耗上限
column-pcie-generation = PCIe 代数
column-pcie-lanes = PCIe 通道数
column-links = 卡间互联
column-fp16-per-cycle = 每单元每周期 FP16 运算数
column-fp16-clock = FP16 峰值对应的频率
confidence-low = 低
confidence-medium = 中
confidence-high = 高
source-datasheet = 数据手册
source-white-paper = 白皮书
source-vendor-file = 厂商文件
source-database = 数据库
source-paper = 论文
source-press = 媒体报道
source-measurement = 第三方实测
source-result = 实测结果

## 目录中的错误

at-exception = { $card } 的例外 { $rule }
at-card = 卡 { $name }
at-band = { $card } 的参考区间 { $metric }
at-provenance = { $card } 的出处，{ $columns }
at-source = 来源 { $id }
wrong-needless = 没有用处；请删去，或改用卡与规则的正式名称
wrong-no-maker = 为空；请写明厂商
wrong-not-one-card = 不能唯一确定一种卡；请给每种卡一个含有独有字样的名称
wrong-not-between = { $cell } 不在 { $low } 至 { $high } { $unit } 之间；单位是否与该列一致？
wrong-sizes = { $cell } 不是一个或多个以 GB 计的容量，例如 80 或 16|32
wrong-lanes = 链路只能有 1、2、4、8 或 16 条通道
wrong-pci-id = { $cell } 不是 PCI 标识，应写成 `10de:2335` 或 `10de:2335 (note)` 的形式
wrong-shared-id = { $card } 的标识也是 { $id }；若确实如此，请写一条例外
wrong-no-such-source = 没有来源 { $id }；请将其列出
wrong-ratio = { $of } 与 { $to } 之比为 { $ratio }，不在 { $low } 至 { $high } 之间；其中之一是否为稀疏值，或单位不同？
wrong-peak-sparse = 它是“单元数 x 每周期运算数 x 频率”的 { $share } 倍；是否为稀疏值？
wrong-peak = 它是“单元数 x 每周期运算数 x 频率”的 { $share } 倍；请更正，或写一条例外
wrong-band-twice = 重复出现；请保留依据更充分的一条
wrong-band-order = 低、典型、高三个数值必须依次不减，且都大于 0
wrong-above-datasheet = { $figure } 高于标称值 { $most }
wrong-below-all = { $figure } 低于任何设备所能达到的 { $least }
wrong-no-source = 没有写明来源
wrong-unread = 可信度写为 high，但没有读过任何来源的原文；请写 medium 或 low
wrong-own-sources = 依据写为 own，则来源必须是签名报告，即类别 result
wrong-own-devices = 依据写为 own，请写明基于多少台设备
wrong-published = 依据写为 published，但有一个来源是 assay 自己的实测结果
wrong-inferred = 依据写为 inferred，则可信度应为 low，且有一个来源的类别为 inferred
wrong-needless-line = 没有任何数据以它为依据；请删去
wrong-no-provenance = 没有说明出处；请在 provenance 中写明来源
wrong-two-lines = 有两行 provenance 说明它的出处；请删去一行
wrong-no-such-card = 没有这种卡；请按卡表中的名称书写
wrong-no-such-column = 没有 { $name } 这一列
wrong-empty-column = { $name } 为空
wrong-source-id = 编号只能由小写字母、数字、点和连字符组成
wrong-no-title = 没有标题
wrong-source-twice = 重复列出
wrong-needless-source = 没有任何数值以它为依据；请删去
wrong-empty = 为空
wrong-no-card = 既没有卡，也没有参考区间；请以 [[card]] 或 [[band]] 开头

## 库存证书

inventory-of = { $node } 的库存，测量于 { $measured }，有效期至 { $until }
inventory-of-node = 一个未命名节点的库存，测量于 { $measured }，有效期至 { $until }
inventory-lapsed = 它对今天的情况不作任何说明。
inventory-simulated = 模拟：有 { $count } 张卡并不存在，无论对它们说了什么
inventory-unfinished = 该次运行没有正常结束。
inventory-file = 证书 { $file }
inventory-signature-holds = 签名有效；它所依据的报告不在它旁边
inventory-holds = 全部内容都可由旁边的报告推出
inventory-figures-hold = 所有数值都可由旁边的报告推出，对它们的评价可由其中写明的参考区间推出；与之比较的是另一份目录，而不是您的目录
inventory-overlay = 除内置目录外，还与“{ $title }”{ $version }（sha256 { $sha256 }）作了比较：正常的卡能达到什么，此时只是签署该目录者的说法
inventory-by-own = { $card } 按本程序的目录：{ $verdict }
inventory-differs = 它与旁边的报告推出的内容不一致
class-by-name = { $card }，与其名称相符
class-by-figures = 从数值看像 { $card }，与其名称不符
class-none = 与目录中的任何卡都不像
quality-good = 正常
quality-uncompared = 未作比较：不知道正常的卡能达到什么，或未达到他人公布的水平
quality-partial = 测量不全：须写满并读回全部显存，并运行矩阵乘或乘加链
quality-slice = 只是一张卡的一部分，不计为卡
class-slice = { $of } 的切片 { $profile }
slice-unknown = 未知
memory-filled = 显存：驱动所报的 { $told } 中，写入并读回了 { $filled }
memory-untold = 显存：写入并读回了 { $filled }；驱动没有报告容量，因此无从知道这是否为全部
memory-other = 它名为 { $card }，而那种卡有 { $has }
memory-rest = 其余部分没有检验，其中缺失的显存或坏位不会显现：请用 --profile standard 测量，并且卡上不得有其他程序
quality-doubtful = 存疑：无法与其他卡区分、各来源说法不一，或运行中断
quality-unclassed = 无法归类
quality-slow = 比正常的卡慢
quality-faulty = 有故障
head-reaches = 达到
head-healthy = 正常的卡
head-standing = 评价
head-no-figure = 没有数值
healthy-range = { $low } .. { $high }（{ $basis }）
standing-healthy = 与正常的卡相当
standing-below = 偏低
standing-faulty = 有故障
basis-own = 由 assay 测得
basis-published = 已公布
basis-inferred = 推断
basis-says = { $basis }，据“{ $title }”所说
left-out = 未采用：{ $source } 的 { $card }：{ $why }
left-out-other-name = 名称与数值所显示的不符
left-out-far-off = { $metric } 为 { $typical }，比同类的中间值 { $middle } 差，超出正常的卡之间的差异
offer-of = { $count } 份库存证书，截至 { $as_of }
offer-replaced = 同一节点的 { $count } 份较早证书不计入
offer-word = 测量时间为 { $from } 至 { $until }，以机器自己的时钟为准；各可信等级的证书数：{ $levels }。数值以签名所述为准：`assay verify CERTIFICATE --trust PUB.pem` 核对它们是否可由旁边的报告推出。
offer-class = { $count } x { $class }（{ $kind }）
offer-by-figures = 其中 { $count } 张依据数值归类，而不是依据名称
offer-uncompared = 其中 { $count } 张未作比较：不知道正常的卡能达到什么
offer-by-overlay = 其中 { $count } 张依据非内置的参考区间：{ $titles }
offer-nothing = 没有可以提供的卡。
offer-double = 较新的证书表明同一张卡在 { $node } 中，以该证书为准
offer-other-salt = 这些卡的标识用另一个盐值隐去，或没有隐去：无法判断是否已经计入；请全部使用同一个 --salt 出具证书
head-cards = 卡数
head-least = 最低
head-together = 合计
head-lapsed = 届时无效
head-measured = 测量日
head-valid-until = 有效期至
head-not-offered = 不提供：节点

## 运行期间

live-left-of-run = ，约剩 { $time }
live-left = 剩余 { $time }
live-troubled = { $count } 张卡有问题
live-no-errors = 无错误
live-wrong-results = { $count } 个错误结果
live-wrong = { $count } 个错误
live-ecc-errors = { $count } 个 ECC 错误
live-no-sensors = 无传感器
live-throttled = 降频：{ $reasons }
live-heat = 过热
live-opening = 正在打开
live-through-before = 此前已完成
live-done = 已完成
live-ended-early = 提前结束
live-count = { $count } 项{ $what }
progress-device = 设备 { $number }
progress-measured-in = 测量用时 { $seconds } s
progress-opened = 已打开 { $name }（{ $driver }）
progress-not-measured = { $metric }：未测量，{ $why }
progress-load = { $metric }：持续满载 { $time }
progress-results-wrong = { $checked } 个结果中有 { $wrong } 个错误
progress-wrong = { $metric }：结果错误，“{ $why }”
progress-fault = 结果错误：{ $of }，开始后 { $after } 发现
progress-fault-at = 结果错误：{ $of } 的第 { $word } 个字，开始后 { $after } 发现
render-not-sound = 注意：此处显示的是报告的说法，与由其样本得出的结果不一致；`assay verify` 会指出何处不同
replay-other-contract = 注意：该次运行所依据的是另一合同，sha256 为 { $made_for }；此处按 sha256 为 { $ours } 的合同判定
seal-by-none = 注意：该次运行所依据的合同，sha256 为 { $made_for }，而此处没有按任何合同判定；若要判定，请将其 events.jsonl 单独放进新目录，再运行 `assay seal DIR --contract FILE --key KEY.pem`
replay-unsigned = 注意：记录没有签名，任何人都可能写出这样的文件；能作为依据的是由 `assay run` 或 `assay seal` 签署的报告
recording-behind = 警告：{ $why }。测试继续进行；其间的内容会保留，一旦能够写入就写到该处
recording-caught-up = { $file } 已恢复写入，内容没有缺失
result-behind = 警告：{ $why }。将在 { $minutes } 分钟内反复重试；按 Ctrl-C 放弃
progress-more-wrong = 还有更多错误结果，此后只计数

## 证明，以及为此生成的内容

name-demands = 要求
name-good-until = 有效期至
name-signed-proof = 签名证明
name-private-key = 私钥
name-fingerprint = 指纹
name-request = 请求
name-next = 下一步
name-statement = 签名声明
challenge-demands = { $gpus } 个 GPU，计算 { $seconds } s
challenge-demands-memory = { $demands }，每个 GPU 占满 { $memory } 显存
challenge-until = { $time }，只能用于一次证明
key-keep-secret = { $file }   请妥善保密：报告由它签名
key-give-away = { $file }   请交给需要验证报告的人
name-overlay = 补充目录
head-bands = 参考区间
name-salt = 盐值
key-share-salt = { $file }   只交给可以知道是哪些卡的人
stamp-request = { $request }，用于为 { $file } 的 { $bytes } 字节加时间戳
proof-challenge-of-node = sha256:{ $sha256 }，由节点 { $node } 应答
proof-clock = 时钟
proof-clock-of-witness = 见证方的时钟，问题也由见证方抽取
proof-clock-of-prover = 证明方自己的时钟，它也可以反复自问，直到问题对自己有利
proof-begun = 开始时间
proof-head-device = 设备（机器自述）
proof-head-product = 矩阵乘
proof-head-rounds = 轮数
proof-head-time = 用时
proof-head-gap = 最长间隔
proof-head-least = 至少达到
proof-head-memory = 占用的显存
proof-head-sweeps = 扫读遍数
proof-head-read = 读取至少
proof-head-attested = 厂商的硬件证明
proof-attested = { $name }；驱动 { $driver }，固件 { $vbios }
proof-attested-unknown = 未说明
proof-not-attested = 无：“{ $why }”
proof-nothing-said-of-attestation = 无：证明方未提及
proof-held = 成立
proof-refuted = 被推翻：“{ $why }”
proof-unfinished = 未完成：“{ $why }”
proof-outcome = 证明：{ $words }
proof-verified = 签名有效，由对话记录可得出上述数值
proof-verified-held = 签名有效，由对话记录可得出上述数值；出示的每一行都重新核对过
proof-level-1 = L1，不能更高，因为{ $reasons }
proof-level-2 = L2，由见证方质询并计时
proof-did-not-hold = 证明不成立
proof-own-clock = 除证明方自己外，没有人计时和提问
proof-perhaps-one-host = 不知道证明方与见证方是否为同一台主机
proof-one-host = 证明方与见证方是同一台主机
proof-by-software = 有设备是在 CPU 上运行的软件实现
proof-and = ，且
proof-meaning = 每秒至少完成了这么多次整数乘法与加法，所用的矩阵事先无人能够知道。在就全部结果作出承诺之后，对每个 GPU 的结果抽查了 { $rows } 行，全部成立：如果错误的行超过 { $share }，则有 99 % 以上的概率会被发现；上述数值已扣除这一比例。由哪个单元、以何种精度完成，以及是否由这张卡完成，这些数值不能说明。
proof-meaning-own = 每个 GPU 的结果中出示了 { $rows } 行，全部成立。至于用了多长时间、这些行是否在计算完成之后随机抽取，都只是证明方自己的说法：没有他人计时或提问。要知道更多，请从另一台机器见证（`assay witness`）。
proof-meaning-reach = 每个 GPU 的首个结果在开始后 { $time } 内作出承诺，而开始时才抽取随机数：以光速计，距离超过 { $km } km 者不可能算出它。
proof-meaning-memory = 显存在 { $time } 内填满了生成缓慢的数据，每遍扫读都以事先无人能够知道的密钥对全部数据作哈希；对每个 GPU，有 { $cells } 个数据单元在此重新生成，并全部核对了哈希。数据位于任何能以这一速度读出之处；主机内存则须经链路读取。
proof-meaning-attested = { " " }有硬件证明的卡在全部结果作出承诺之后，用厂商担保的密钥签署了本次质询，其驱动和固件的版本也由此测得；这并不说明工作是由这张卡完成的。证书此后是否被吊销（OCSP），以及该驱动和固件是否由厂商发布（RIM），须询问厂商的服务器，此处未核对。
reading = 已读取 { $count } 个文件
proof-waiting = 正在等待证明方
proof-computing = 已计算 { $now } / { $all } s，各 GPU 的轮数：{ $rounds }
proof-asking = 正在对 { $rounds } 轮结果提问
kicker-proof = assay 算力与显存证明
title-meaning = 这意味着什么
title-unproved = 它没有证明什么
unproved-card = 由哪张卡完成。总有某台设备在这段时间里完成了这些运算：可能是这张卡，可能是别处一张更快的卡代为应答，也可能是一张卡充当两张。
unproved-unit = 以哪种精度完成。计数的是整数乘法与加法，不论由哪种单元完成。
unproved-after = 此后如何，以及其他时间里有没有别人使用这台机器。
tile-proved = 全部合计至少
foot-proof = 本页面未签名，本身不能证明任何事：它只展示随附签名证明的内容。请用 `assay verify proof.dsse.json --trust KEY.pub.pem` 连同质询和对话记录一并核对。
foot-proof-made = 由 assay { $version } 完成证明

## 应测试多少个节点

plan-test-all = 要对 { $lot } 个节点作出决定，须全部测试。
plan-test-some = 要对 { $lot } 个节点作出决定，须测试其中 { $tested } 个，在名单确定之后随机抽取。
plan-accept = { $bad ->
    [0] 测试的节点中没有不合格节点，则接收整批
   *[other] 测试的节点中至多有 { $bad } 个不合格节点，则接收整批
    }
plan-reject = 有 { $bad } 个或更多不合格节点，则拒收整批
plan-promise = 由此得到的保证（前提是测试能发现所测的每个不合格节点）：
plan-good-lot = 合格批（不合格节点至多 { $bad } 个，占 { $share }）被拒收的概率至多为 { $most }，此处为 { $here }
plan-bad-lot = 不合格批（不合格节点至少 { $bad } 个，占 { $share }）被接收的概率至多为 { $most }，此处为 { $here }
plan-between = 介于两者之间的批，两种结果都可能出现
plan-no-promise = 任何抽样都不能保证未测试的节点合格。
plan-no-course = 超过 { $most } 次测试时，不给出逐个测试的方案。
plan-one-by-one = 也可以逐个测试抽取的节点，一旦不合格节点的数目足以作出决定就停止。
plan-same-promise = 保证相同（此处为 { $producer } 与 { $consumer }），测试次数绝不会更多：
plan-head-after = 测试到第几个
plan-head-accept = 接收
plan-head-reject = 拒收
plan-some-rules = 全部 { $all } 条规则中，每 { $every } 条列出 1 条；--json 列出全部。
plan-range = { $from } 至 { $to }
plan-most-bad = { $most ->
    [0] 没有不合格节点
   *[other] 不合格节点至多 { $most } 个
    }
plan-least-bad = 不合格节点达到 { $least } 个
plan-how-often = 整批被接收的概率，按其中的不合格节点数：
plan-head-bad = 不合格节点
plan-head-of-lot = 占整批
plan-head-sample = 一次抽样
plan-head-course = 逐个测试
plan-head-tests = 平均测试数
plan-drawn = 应测试的节点，按此顺序，以种子 { $seed } 从 { $file } 中抽取：
plan-names = 整批的名称，排序后：sha256 { $sha256 }
plan-fair = 只要出租方在任何人知道种子之前给出了这些名称，抽取就是公平的。
plan-repeat = 任何人都可以重新抽取：按 `printf %s NAME | openssl dgst -sha256 -hmac SEED` 的结果排序。

## 测量多个节点的作业文件

launch-refused = 警告：其中 { $count } 份报告不能算作已完成，首先是 { $source }（{ $what }：{ $why }）
launch-nothing = 全部 { $count } 个节点都已有完整报告，无需启动
launch-written = 已为 { $nodes } 个节点写出作业文件，位于 { $out }；下一步：{ $next }
launch-written-of = 已为 { $all } 个节点中的 { $nodes } 个写出作业文件，位于 { $out }；下一步：{ $next }

## Simulated cards

head-example = 示例
list-profiles = 正常的卡写作 `sim:型号`，其后写明要模拟的毛病，例如 `sim:h200,flip=41GB:17`。
fault-seed = 噪声与该卡 UUID 的随机种子
fault-index = 几张相同的卡中的第几张：UUID 与 PCI 地址随之不同
fault-mem = 显存大小，既是自述的也是实有的
fault-buffer = 单个缓冲区的上限
fault-name = 该卡自述的名称
fault-uuid = 该卡自述的 UUID
fault-units = 多处理器少于（或多于）原型号，算力随之变化
fault-flip = 位于该字节地址的 32 位字中，这一位不论写入什么，读出时总是取反
fault-stuck = 这一位读出总是 1（加 =0 则总是 0）
fault-alias = 实际存在的显存；超出的地址折回开头
fault-oom = 分配总量超过这一数额即失败
fault-gemm-wrong = 每次矩阵乘中，这个元素（按总数取模）的最低位出错
fault-fma-wrong = 每次乘加运算中，这个通道（按总数取模）的最低位出错
fault-upset = 所有矩阵乘中，每这么多个元素随机有一个最低位出错
fault-upset-when = 只在达到这一温度后出错（hot:65），或只在停顿之后出错（idle）
fault-mma-wrong = 张量单元每次运行中，这个结果（按总数取模）的最低位出错
fault-collective-wrong = 每次集合通信在这张卡上留下的结果中，这个元素（按总数取模）的最低位出错
fault-unit-wrong = 这个计算单元算错：每次矩阵乘中归它的第一个元素，以及每次乘加运算中归它的第一个通道，最低位出错
fault-lazy = 接受任务、耗去时间、什么也不做，却声称全部做完
fault-uncounted = 内核只计入所要求工作量的一半
fault-membw = 显存带宽，为原型号的倍数
fault-flops = 算力以及遥测所示的频率，为原型号的倍数
fault-speed = 一切速度，为原型号的倍数；大于 1 即快得不可信
fault-stolen = 被另一租户占去的时间比例，每次 10 ms
fault-crowded = 旁边的租户占用一半显存带宽的时间比例，每次 10 ms
fault-peer-rate = 从 index= 为此值的卡复制时，速率为正常值的这一比例
fault-throttle = 自该时刻起频率与算力降到这一比例，遥测报告过热
fault-drift = 一切速度每 s、min 或 h 损失这一比例
fault-clocklie = 实际运行频率为遥测所示频率的这一比例
fault-timer = 设备时钟的走速为真实时间的这一比例；none 表示没有时钟
fault-noise = 用时上下浮动不超过这一比例（不写则为 0.003）
fault-lost-at-call = 在第几次设备调用时设备失联（掉卡），从 1 数起
fault-lost-at-t = 在这一时刻设备失联（掉卡）
fault-lost = lost@ 是一直有效（默认）还是只影响一次应答
fault-hang-at-call = 自这次设备调用起不再应答，直到等待超时
fault-stall-at-call = 这次设备调用永不返回：进程停住不动
fault-stall-at-peer = 从 index= 为此值的卡复制时永不返回：进程停住不动
fault-crash-at-call = 进程在这次设备调用中崩溃
fault-fail-at-call = 这次设备调用失败，错误由 error= 指定
fault-fail = fail@call 是失败一次（默认）还是从此一直失败
fault-error = fail@call 的错误：lost、memory、validation（默认）、hang 或 crash
fault-telemetry = none：任何传感器都读不到；frozen：一直重复第一次读数；failing：每两次读数中有一次为空
fault-telemetry-name = 遥测所报的名称
fault-telemetry-mem = 遥测所报的显存
fault-telemetry-uuid = 遥测所报的 UUID
fault-ecc = 每 s、min 或 h 计入的不可纠正显存错误数
fault-ecc-corrected = 每 s、min 或 h 计入的可纠正显存错误数
fault-remaps = 每 s、min 或 h 替换的显存行数
fault-replays = 每 s、min 或 h 重发的 PCIe 数据包数
fault-remap-pending = 有显存行等待重置后替换
fault-remap-failure = 有显存行无法替换
fault-xid = 在这一时刻发生带有该代码的驱动错误
fault-no = 该卡不能以这种精度运算
fault-unwritten = 我们没有这种精度的内核
fault-library = 装有厂商的矩阵乘库，与内核一样快
