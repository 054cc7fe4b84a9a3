### 命令行帮助与手册页的全部文字，简体中文；英文原文是 src/cli.rs 与 src/cli/ 中的文档注释。
### 条目是各命令的路径，属性是参数，或参数加取值；.more 是说明的后续段落。某命令下没有的参数，由其上级命令的同名属性说明。
### 有测试保证英文的每一条在此都有对应，且没有多余。

## 命令行程序库自己的文字

phrase-usage = 用法：
phrase-commands = 命令：
phrase-arguments = 参数：
phrase-options = 选项：
phrase-values = 可选值：
phrase-env = [环境变量：
phrase-default = [默认值：
phrase-possible = [可选值：
phrase-help = 显示帮助
phrase-help-short = 显示帮助（--help 更详细）
phrase-help-long = 显示帮助（-h 更简短）
phrase-version = 显示版本
phrase-help-command = 显示本帮助，或指定命令的帮助
phrase-help-of = 显示这些命令的帮助

## 手册页的标题

title-name = 名称
title-synopsis = 概要
title-description = 说明
title-options = 选项
title-subcommands = 命令
title-extra = 其他
title-version = 版本
env-before = 也可由环境变量{ " " }
env-after = { " " }给出。

## 命令

assay = 租来的这台机器，是否交付了合同约定的算力？
    .more = assay 在 GPU 上运行计算内核，核对每个结果，把速率与合同对照，并对所得签名。第三方无需 GPU，也不必信任这台机器，就能核对这个答案。
    .after =
        退出码：
          0    所有 must 条款均通过（或命令完成了所要求的事）
          1    有 must 条款不通过
          2    命令行、合同或输入文件有误
          3    无法判定：所测内容不足以判定
          4    没有可用的设备，或这台机器缺少某样东西
          5    各来源对某台设备是什么说法不一致
          6    签名、随机数、格式（schema）或重算的数值未通过验证
          70   assay 本身的缺陷
          130  被中止，此前已签封部分报告

        从这里开始：
          assay doctor                                   这台机器能测量什么，还缺什么
          assay contract new > contract.toml             一份带注释的合同，以此为起点
          assay run --contract contract.toml             测量、判定、签名
          assay verify OUT/report.dsse.json --trust KEY  验证他人的报告
    .quiet = 除错误外不输出任何内容
    .lang = 供人阅读的一切文字（错误信息除外）所用的语言
    .overlay = 已签署的补充目录：在内置目录之外，另以其中的卡和参考区间作比较；可重复给出。用它判定的报告，验证时须给出同一份
    .overlay_trust = 受信任的补充目录签名公钥；可重复给出
    .attestation_root = 证明中厂商的硬件证明须追溯到的根证书（PEM） [默认值：内置的 NVIDIA 根证书]
    .json = 输出 JSON
    .contract = 据以判定的合同
    .format = 另以这些格式写出报告，以逗号分隔；可重复给出
    .format-human = 供终端显示的表格
    .format-json = 报告的内容，不含签名
    .format-markdown = 供工单或合并请求使用的表格
    .format-csv = 每项测量一行
    .format-html = 单个页面，含图表，供决策者阅读；无需网络
    .format-junit = JUnit XML，每项条款一个测试用例，供流水线的测试视图使用
    .format-prometheus = 供 Prometheus 的 node exporter 文本文件收集器使用的指标
    .profile-quick = 完成全部探测，需一两分钟；占用 1 GiB 显存
    .profile-standard = 数分钟；占用至少 95 % 的显存
    .profile-acceptance = 同 standard，另持续满载七分钟；其余部分需三分钟，全程约十分钟
    .hang_after = 设备在这么长时间内没有任何动静，即放弃该设备
    .key = 用于签名的私钥
    .file = 已签名的报告（report.dsse.json）、证明（proof.dsse.json）或证书（acceptance.dsse.json、inventory.dsse.json）
    .trust = 受信任的签名公钥；可重复给出
    .reports = 对于验收证书：它必须能由此推出的报告，写法与 `assay fleet` 相同；可重复给出
    .salt = 对于验收证书：双方盐值的文件 [默认值：合同的文件名，扩展名改为 .salt]
    .challenge = 对于报告或证明：它必须应答的质询；对于证书：某份报告所应答、且不在其旁的质询
    .proof = 对于报告：同一节点的证明（proof.dsse.json），合同要求证明的下限据此判定
    .events = 对于报告：据称属于该次运行的记录（events.jsonl），- 表示标准输入；它必须与报告的证据完全一致，直至最后一个数值

assay-list = 列出可以测量的设备，以及其他设备为何不能测量
    .metrics = 改为列出合同中可以写的指标
    .simulated = 改为列出可以模拟的卡，以及能模拟出哪些毛病

assay-run = 测量设备，按合同判定，并签署报告
    .more = 在一个新目录中写出 report.dsse.json（签名报告）、events.jsonl（全部事件，随发生随记录）以及所要求的其他格式，打印判定结果表，并以文档所列的退出码结束。按 Ctrl-C 可提前结束运行，仍会留下一份签名的部分报告。
    .contract = 据以判定的合同（TOML 或 JSON；可用 `assay contract new` 写出）。没有合同时只测量、不判定，退出码为 3
    .device = 要测量的设备，写法同 `assay list` 所列；MIG 切片按 `nvidia-smi -L` 所列写作 cuda:MIG-UUID；可重复给出 [默认值：全部硬件设备和环境变量指明的全部 MIG 切片；没有硬件时为第一台软件设备]
    .profile = 测量的深入程度：quick 需一两分钟，至多占用 1 GiB 显存；standard 占满合同所能要求的全部显存，需数分钟
    .probe = 只运行这些探测，以逗号分隔；可重复给出
    .one_at_a_time = 逐台测量设备，而不是全部同时测量。只有合同写明 measured = "alone" 时，这样测得的数值才算数
    .duration = 每种情形的采样时长，例如 500ms、10s 或 2m [默认值：quick 为 300ms，standard 为 2.5s]
    .soak = 另外持续满载这么长时间，例如 10m、1h、24h 或 168h：矩阵乘、乘加链、显存、链路、负载阶跃与停顿，每个结果都经核对 [默认值：acceptance 为 7m，其他方案不做]
    .measure_only = 有意只做测量：没有合同但测完了全部内容时，退出码为 0
    .key = 用于签名的私钥（可用 `assay key new` 生成） [默认值：仅为本次运行生成的密钥]
    .salt = 在写出的一切内容中，用此文件中的盐值隐去 UUID 和序列号（可用 `assay key salt` 生成）。持有它的人能认出每张卡；同一张卡被重复计入，则人人可见
    .node = 在统计多个节点时，本节点的名称，例如 rack3-node17
    .challenge = 本次运行所应答的质询（可用 `assay challenge new` 生成）：全部数据都由它产生，因此报告不会早于质询。质询与报告一并保存
    .out = 存放结果的目录；其中不得已有报告 [默认值：assay-TIME]
    .resume = 接着运行此目录中曾中断的那次运行：设备、探测和时长与开始时相同
    .events = 事件记录另外写到何处；`-` 表示标准输出
    .seed = 全部数据由这个种子产生，而不是随机种子

assay-seal = 为中断的运行所留下的记录签名
    .more = 用于被强行终止、崩溃或断电的运行：部分报告会写明记录到何处为止，其结论至多为无法判定。若要接着运行，请改用 `assay run --resume DIR`。
    .directory = 该次运行的目录，其中有 events.jsonl
    .key = 用于签名的私钥 [默认值：仅为这份报告生成的密钥]

assay-verify = 验证签名的报告、证明或证书：签名、格式（schema），以及一切可以重算的内容
    .more = 报告由其原始样本重新判定；给出 --proof 时，连同向见证方所作的证明一并判定。证明由旁边的对话记录和质询重新核对，质询的签名人也必须受信任。验收证书由合同与报告重新推算，退出码与它所涉及的机群相同：有到期应交付而未通过验收的为 1，同一张卡出现在两个节点中为 5，有一方尚未签名时至多为 3。库存证书由旁边的报告重新推算，退出码与 `assay certify` 相同；若与之比较的目录不是本程序的目录（例如用了这里没有给出的 --overlay），则取两份目录所得结果中较差的一个。
    .contract = 合同：报告必须是按它判定的，质询必须指明它，或验收的正是它

assay-attest = 验证报告或证书，并以策略引擎认识的形式签署结果
    .more = 所说的不多于 `assay verify`，未判定的不算通过。退出码与之相同；除非验证本身失败，否则都会写出声明。
    .contract = 合同：报告必须是按它判定的，质询必须指明它，或验收的正是它
    .form = 声明的形式，由 in-toto 定义
    .form-test-result = Test Result v0.1：哪些设备上的哪些条款，或哪些节点，通过、通过但有警告、不通过
    .form-svr = Simple Verification Result v0.2：经验证的各项性质
    .key = 验证人的私钥
    .out = 签名的声明写到何处；该文件不得已存在

assay-timestamp = 为文件写出时间戳请求（RFC 3161）
    .more = 把请求发给双方都信任的时间戳机构，并保存其应答：`curl -H 'Content-Type: application/timestamp-query' --data-binary @FILE.tsq URL > FILE.tsr`。任何人都可以核对：`openssl ts -verify -data FILE -in FILE.tsr -CAfile AUTHORITY.pem`；该机构的证书过期之后，再加上 `-attime SECONDS`，即盖戳时间距 1970 年的秒数，其日期见 `openssl ts -reply -in FILE.tsr -text`。
    .file = 要加时间戳的文件，例如双方都已签名的证书
    .out = 请求写到何处；该文件不得已存在 [默认值：原文件名加 .tsq]

assay-compare = 比较同一台机器前后两份报告，指出哪些变差了
    .more = 设备按 UUID 或序列号配对，没有的按 PCI 地址，再没有的按选择器。对每一对说明是否为同一张卡：依据标识、卡无法改变的特征，以及一生中只增不减的计数。这些都是主机的说法：是声明，不是证明。每项指标给出均值之比及其区间，以及结论。只要相邻样本的相关系数不超过 0.8，一次比较的所有区间在 99 % 的情况下同时成立：样本很少时只能看出大的变化。内核、规模、数据或设备类别不同的数值不可比较。凡可比较的均相同或有改善时退出码为 0，有变差的为 1，无从判断、有些内容不再测量或后次报告早于前次的为 3，两份报告对某张卡的说法自相矛盾的为 5。流水线可用 --metric 和 --probe 指明只看哪些数值，其余一概不计。一次运行的样本不能说明各次运行之间的差异：一对报告显示变差时，应当用另一对报告确认。
    .before = 之前的签名报告（report.dsse.json），或旁边附有其报告的库存证书
    .after = 之后的签名报告
    .trust = 受信任的签名公钥；可重复给出 [默认值：不核对签名，并在输出中写明，--quiet 时除外]
    .width = 变化不超过这一比例，视为没有变化
    .metric = 只看这项指标，名称见 `assay list --metrics`；多项以逗号分隔，或重复给出。其区间与一并比较全部指标时同宽。某个名称完全无从比较时，退出码为 3
    .probe = 只看这项探测的各项指标，以及 --metric 所列的指标

assay-replay = 对记录重新判定
    .events = 记录（events.jsonl），- 表示标准输入

assay-render = 以另一种格式显示报告或证明；不核对签名
    .more = 报告与自身样本不一致时，仍照其所述显示，退出码为 6。
    .report = 签名报告（report.dsse.json）或证明（proof.dsse.json）

assay-contract = 编写、检查或说明合同文件

assay-contract-new = 打印一份完整的、带注释的合同，以此为起点
    .more = 给出 --sku 时，是一份以 --lang 的语言写成的租赁合同，租用若干节点，界限为该型号正常的卡可达的值；不给出时，写明一个节点在测试中必须达到什么。
    .from = 以这份报告测得的数值留出余量后作为界限
    .sku = 租用的卡，例如 "H200 SXM"；`assay catalogue list` 列出全部型号
    .nodes = 应交付多少个节点
    .gpus_per_node = 每个节点有多少张卡；不给出时为 8 张，GB200 和 GB300 为 4 张，GH200 为 1 张，与这类节点的构造一致
    .due = 应交付的日期；不给出时为 30 天后
    .price = 每张卡每小时的价格，例如 "2.40 USD"
    .tenant = 承租方的公钥，其指纹写入合同
    .provider = 出租方的公钥

assay-contract-check = 检查合同文件，指出它遗漏了什么；不做任何测量
    .more = 其中有说不通的写法，或租赁合同缺少一旦缺失便无法成立的内容时，退出码为 2。

assay-contract-reference = 打印合同中以这次签名运行为参考的表，界限可写为其百分比
    .report = 合格的卡或节点的签名报告（report.dsse.json）
    .trust = 受信任的、签署该报告的公钥；可重复给出

assay-contract-schema = 打印合同文件的 JSON Schema

assay-catalogue = 各种卡：标称值、正常的卡可达的值，及其出处

assay-catalogue-list = 列出目录中的卡

assay-catalogue-show = 显示一种卡：每项数据及其出处和可靠程度，以及正常的卡可达的值
    .name = 例如：H200 SXM

assay-catalogue-new = 打印一份完整的、带注释的补充目录，以此为起点，用于目录中没有的卡

assay-catalogue-check = 检查内置目录，或含有其中所没有的卡的补充目录
    .more = 每项数据都必须写明出处，各数值必须彼此相符，任何合理范围都不得超出该卡的能力。没有错误时退出码为 0，补充目录有误为 2，其签名无效为 6。
    .file = 补充目录（TOML），或已签名的补充目录（overlay.dsse.json）
    .trust = 受信任的补充目录签名公钥；可重复给出

assay-catalogue-bands = 由这些签名报告生成补充目录，写明其中的卡所达到的参考区间；请通读、补充后再签名
    .more = 只计 `assay certify` 认为正常、且从数值看与名称相符的卡；其中比同类的中间值差 5 % 以上的数值不计。未采用的写在开头的注释里，并说明原因。区间从最慢的卡的第 5 百分位到最快的卡的第 95 百分位；使用该补充目录的证书与租赁合同，把更慢的卡称为偏慢。
    .reports = 正常的卡的签名报告（report.dsse.json）
    .trust = 受信任的、签署这些报告的公钥；可重复给出
    .title = 补充目录的内容，以及由谁编制

assay-catalogue-sign = 检查补充目录并签名
    .file = 补充目录（TOML）
    .out = 要写出的文件；不得已存在

assay-certify = 不依据合同，证明本节点的卡是什么、能做什么
    .more = 运行全部探测，签署报告，并在旁边签署一份库存证书：每张卡不论叫什么名称，依据数值属于哪一类，与标称值和正常的卡相比达到了什么，有哪些故障，以及有效期至何时。`assay fleet inventory` 汇总证书；以后的运行用 `assay compare` 与证书比较。每张卡都与同类正常的卡相当时退出码为 0，有偏慢或有故障的为 1，有卡与目录中的任何卡都不像、无法比较、只是一张卡的一部分或测量不全为 3（quick 只写满 1 GiB 显存，因此没有卡能据此算正常），各来源对某张卡的说法不一致为 5。
    .key = 出具证书者的私钥
    .report = 依据这份签名报告的测量出具证书，而不重新测量
    .trust = 受信任的、签署该报告的公钥；可重复给出
    .valid = 有效期，从运行开始时算起
    .out = 存放结果的目录；其中不得已有证书 [默认值：assay-inventory-TIME]
    .device = 要出具证书的设备，写法同 `assay list` 所列；可重复给出 [默认值：同 `assay run`]
    .profile = 测量的深入程度
    .duration = 每种情形的采样时长 [默认值：同 `assay run`]
    .soak = 另外持续满载这么长时间，例如 10m 或 24h [默认值：同 `assay run`]
    .salt = 用此文件中的盐值隐去 UUID 和序列号，同 `assay run`
    .node = 在统计多个节点时，本节点的名称

assay-fleet = 统计多份报告：应交付什么，到了什么，什么合格，哪些卡不合格，应付什么
    .more = 每份报告都经过验证，并由其样本重新判定。到期应交付的节点全部达到要求时退出码为 0，有节点未到或不合格为 1，有节点待定为 3，同一张卡出现在两个节点中，或把一次运行的样本充作另一节点或另一时间的样本为 5（同一份报告重复给出只计一次），签名无效或数值与样本不符为 6。
    .reports = 签名报告、含有报告的目录、每行一份报告的 *.jsonl 文件，或以 - 表示从标准输入读取这样的行
    .contract = 各报告必须据以判定的合同
    .trust = 受信任的报告签名公钥；可重复给出
    .challenge = 各报告所应答的质询，或存有质询的 *.json 文件的目录；可重复给出。`assay run` 存在报告旁的质询无需给出
    .nodes = 应有的全部节点，每行一个名称：由此指出哪些从未报告。其他节点的报告会列出名称，但不计入
    .as_of = 统计截止的日期或时刻，例如 2027-01-31；不给出时为现在
    .since = 只统计自此日期或时刻起的报告和证明
    .format = 答案的格式
    .format-json = 全部内容
    .format-csv = 每张卡一行
    .format-parquet = 同上，写成 Parquet 文件，供其他工具继续统计；请输出到文件
    .format-html = 单个页面，供决策者阅读：先是摘要，然后是其依据；无需网络

assay-fleet-inventory = 汇总库存证书：每一类有多少张卡，各达到什么水平
    .more = 每个节点只计最新的证书，每张卡只计一次，以所有节点中最新的证书为准；表明有故障的证书即使已失效，也推翻更早的证书。比正常的卡慢、有故障、只是一张卡的一部分或与目录中的任何卡都不像的，单独列出：合计的是可以提供的卡。卡的标识用多个盐值隐去时，只合计用多数卡所用盐值的那些。有这样的卡且每份证书都计入时退出码为 0，有证书不涵盖该时刻或用了另一个盐值，或没有可以提供的卡为 3，同一张卡出现在两个节点中为 5，签名无效为 6。
    .certificates = 库存证书、含有证书的目录、每行一份证书的 *.jsonl 文件，或以 - 表示从标准输入读取这样的行
    .trust = 受信任的、出具证书的公钥；可重复给出
    .as_of = 证书必须涵盖的日期或时刻，例如 2027-01-31；不给出时为现在

assay-fleet-plan = 在不能全部测试时，说明应测试多少个节点，何时接收整批，以及抽取哪些节点
    .more = 给出使双方风险都不超限的最小样本量，以及逐个节点进行、更早结束的同一检验。所有概率都是精确值。抽取节点所用的种子，在节点名单确定时必须无人知道：请事先约定采用以后某日的公开随机值，双方都可以重新抽取。
    .lot = 一并接收或拒收的节点数
    .aql = 仍算合格批的不合格节点比例：这样的批应当接收
    .ltpd = 已算不合格批的不合格节点比例：这样的批应当拒收
    .producer_risk = 合格批被拒收的概率上限
    .consumer_risk = 不合格批被接收的概率上限
    .nodes = 该批的全部节点，每行一个名称，按出租方给出的名称
    .seed = 抽取所用的种子：在节点名单确定之后才为人所知的任何文字

assay-fleet-launch = 写出作业文件，用 Slurm、Kubernetes 或 ssh 测量清单中的每个节点
    .more = 每个节点按同一合同运行 `assay run --node NAME`，结果放在以其名称命名的目录下。中途死掉的运行会重试，耗时过长的会被叫停，并签封已有的内容，停机的节点不会拖住其他节点。给出 --missing-from 时，只为尚无完整报告的节点写出文件。
    .nodes = 要测量的全部节点，每行一个名称，按集群所用的名称
    .contract = 据以判定的合同；其副本与作业文件放在一起
    .out = 存放作业文件的新目录
    .time = 运行超过这么长时间就叫停，使其签封已有的内容 [默认值：正常的设备完成该方案所需时间的数倍，加上持续满载的时间]
    .retries = 运行没有留下报告时，至多重试这么多次
    .missing_from = 略去在这些文件或目录中已有按本合同判定的完整报告的节点
    .trust = 受信任的、签署这些报告的公钥；可重复给出 [默认值：各报告旁边的 signer.pub.pem，它只能说明报告完整，不能说明由谁签名]
    .arguments = `assay run` 的其他参数，例如：-- --profile acceptance [默认值：合同要求持续负载时为 --soak]
    .assay = 节点上的本程序：它在节点上的路径，或在节点上能找到的名称
    .key = 用于签名的私钥，按其在节点上的路径 [默认值：为每次运行生成的密钥，它只能说明报告未被改动]
    .within = 启动后这么长时间仍未结束的节点即予放弃 [默认值：比全部尝试所能用的时间多一小时]

assay-fleet-launch-slurm = 每个节点一个作业
    .more = 写出 assay.sbatch 和 submit.sh，后者的选项会传给 sbatch：sh DIR/submit.sh --partition=gpu
    .results = 存放结果的目录，每个节点都必须能访问
    .gres = 要申请的通用资源，例如 gpu:8 [默认值：不申请，因为独占整个节点即包含其全部资源]
    .within = 启动后这么长时间仍未结束的节点即予放弃，例如停机的节点 [默认值：比全部尝试所能用的时间多一小时]

assay-fleet-launch-kubernetes = 每个节点一个 Job，固定在该节点上，并附镜像的构建方法
    .more = 写出 job.yaml，用 kubectl 应用，以及只含本程序的 Dockerfile。需要 Kubernetes 1.29 或更新版本。
    .image = 含有本程序的镜像，按集群拉取时的名称
    .claim = 存放结果的持久卷申领，每个节点都必须能挂载
    .key_secret = 存有签名私钥的 Secret，键名为 key.pem [默认值：为每次运行生成的密钥，它只能说明报告未被改动]
    .gpus = 每个节点的 GPU 数 [默认值：按合同，合同未写时为 1]
    .resource = GPU 作为集群资源的名称；MIG 切片的名称例如 nvidia.com/mig-1g.18gb

assay-fleet-launch-ssh = 用于只能经 ssh 到达的节点的脚本
    .more = 写出 launch.sh，其选项会传给 ssh：sh DIR/launch.sh -l ubuntu。连接断开时运行继续；下一次连接会等它结束并取回结果。
    .results = 存放结果的目录，在本机上
    .parallel = 至多同时测量这么多个节点

assay-accept = 验收或拒绝验收所交付的内容，写成由双方签名的证书
    .more = 先签的一方拟定证书：按 `assay fleet` 统计的全部节点，依据哪些报告，豁免了什么，应付什么。另一方加上 --countersign 并给出相同的选择（--waive、--refuse、--as-of、--since、--nodes）运行同一命令，由自己手中的合同与报告副本重新推算，只签署完全相同的内容；选择不同时拒签，并列出先签一方的选择。不能以尚未到来的日期为统计截止时间。合同必须指明双方的密钥。UUID 和序列号用双方共有的盐值隐去。到期应交付的全部通过验收时退出码为 0，否则与 `assay fleet` 相同；此时也会签署证书，并写明这一点。
    .reports = 签名报告、含有报告的目录、每行一份报告的 *.jsonl 文件，或以 - 表示从标准输入读取这样的行
    .contract = 各报告必须据以判定的合同
    .trust = 受信任的报告签名公钥；可重复给出
    .challenge = 各报告所应答的质询，或存有质询的 *.json 文件的目录；可重复给出。`assay run` 存在报告旁的质询无需给出
    .nodes = 应有的全部节点，每行一个名称：由此指出哪些从未报告。其他节点的报告会列出名称，但不计入
    .as_of = 统计截止的日期或时刻，例如 2027-01-31；不给出时为现在
    .since = 只统计自此日期或时刻起的报告和证明
    .format = 答案的格式
    .format-json = 全部内容
    .format-csv = 每张卡一行
    .format-parquet = 同上，写成 Parquet 文件，供其他工具继续统计；请输出到文件
    .format-html = 单个页面，供决策者阅读：先是摘要，然后是其依据；无需网络
    .key = 签名一方的私钥，须为合同指明的两把之一
    .out = 证书写到何处；该文件不得已存在
    .waive = 节点不必达到也可通过验收的条款，以及原因：CLAUSE=REASON，只对一个节点时为 CLAUSE@NODE=REASON。由此产生的抵扣与减价仍然应付。可重复给出
    .refuse = 以此为由拒绝验收全部内容
    .countersign = 若由这些报告和选项推算出同一证书，则在这份证书上加签。未给出 --as-of 时，证书须以今天为统计截止时间，且没有更新的报告
    .salt = 盐值的文件，由先签的一方生成 [默认值：合同的文件名，扩展名改为 .salt]

assay-challenge = 要求对方证明算力

assay-challenge-new = 写出一份签名的质询，交给须作出证明的一方
    .more = 它只能用于一次证明。要计算的内容由其中的随机数产生，因此无法事先算好。
    .contract = 须证明算力的节点所属的合同：其摘要和设备数写入质询
    .out = 要写出的文件；不得已存在
    .gpus = 必须同时计算的 GPU 数 [默认值：按合同，合同未写时为 1]
    .node = 应由哪个节点应答，按双方所用的名称
    .memory = 每个 GPU 在此期间必须填满的显存，例如 "134 GB" [默认值：不要求]
    .at_least = 必须计算多长时间
    .valid = 质询的有效期，从现在算起
    .openings = 对每个 GPU 抽查的结果行数。抽查 460 行时，如果错误结果超过工作量的 1 %，未被发现的概率至多为 1 %

assay-witness = 为证明方计时，并要求它出示结果中的若干行；对所证明的内容签名
    .more = COMMAND 连到须作出证明的机器，并在其上启动 `assay prove`，例如：ssh gpu17 assay prove --challenge ch.dsse.json。所有时间都在此处计量。在一个新目录中写出 proof.dsse.json、对话记录和质询，`assay verify` 只需要这些。证明成立时退出码为 0，被推翻为 6，未完成为 3。
    .challenge = 要对方应答的质询。一开始计时，它就用掉了
    .trust = 受信任的质询签名公钥；可重复给出 [默认值：--key 的公钥]
    .out = 存放结果的目录；其中不得已有证明 [默认值：assay-proof-TIME]
    .patience = 证明方在这么长时间内没有任何消息，即放弃
    .command = 如何启动证明方

assay-prove = 应答质询：计算，作出承诺，出示所要求的内容
    .more = 在标准输入和标准输出上与 `assay witness` 对话。给出 --out 时自任见证方：没有他人的时钟与提问，可信等级至多为 L1。
    .challenge = 要应答的质询
    .device = 用来证明的设备，写法同 `assay list` 所列；可重复给出 [默认值：同 `assay run`，数目按质询的要求]
    .salt = 用此文件中的盐值隐去 UUID，同 `assay run`。卡的证明仍带有它自己的证书
    .out = 没有见证方时，存放结果的目录
    .key = 没有见证方时，用于签名的私钥 [默认值：仅为这次证明生成的密钥]
    .patience = 见证方迟到这么久，或这么久没有接收，即放弃

assay-key = 生成或显示签名密钥

assay-key-new = 生成签名密钥：FILE（私钥，权限 0600），旁边是同名的 .pub.pem（公钥）

assay-key-salt = 生成盐值：同一合同的运行与证书用它隐去 UUID 和序列号，共有它的人能够认出

assay-key-show = 显示密钥的指纹及其公钥

assay-doctor = 说明这台机器上哪个后端缺少什么，以及用哪条命令可以补上

assay-completions = 为您的 shell 打印补全脚本

assay-manpage = 打印手册页，roff 格式
