//! A fleet as a page for those who decide: the summary first, in plain words and in both languages; text of machines stays text.
//! With `ASSAY_PAGES=DIR` the pages of the fleets that tests play are kept there, to be looked at.

use std::path::Path;

use gpu_assay::contract::finding::Sampling;
use gpu_assay::contract::when::When;
use gpu_assay::contract::{Amount, Contract, Reason, Severity, Verdict};
use gpu_assay::device::ProvenanceKind;
use gpu_assay::fleet::intake::{Cause, Refusal, Refused};
use gpu_assay::fleet::money::{Due, DueKind, Money, Standing};
use gpu_assay::fleet::nodes::State;
use gpu_assay::fleet::row::{Card, Lacking};
use gpu_assay::fleet::{Answer, Because, Counts, DUPLICATE, NodeAnswer, Sources, Why};
use gpu_assay::language::Language;
use gpu_assay::output::fleet::Form;
use gpu_assay::output::page::Page;
use gpu_assay::units::Unit;

use crate::languages::english_prose;
use crate::pages::HOSTILE;
use crate::support::terms;
use crate::support_fleet::Fleet;

/// Keeps a page for whoever wants to look at it.
pub fn keep(name: &str, page: &str) {
    if let Some(dir) = std::env::var_os("ASSAY_PAGES") {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(Path::new(&dir).join(name), page).unwrap();
    }
}

/// The page in English and in Chinese. The first holds `english` in this order, both hold nothing that is loaded or run.
fn pages(fleet: &Fleet, as_of: &str, name: &str, english: &[&str], chinese: &[&str]) {
    for (language, parts) in [("en", english), ("zh-CN", chinese)] {
        let page = fleet.command_with(as_of, "html", &["--lang", language]).stdout;
        keep(&format!("{name}.{language}.html"), &page);
        let page = page.replace('\u{a0}', " ");
        in_order(&page, parts);
        loads_nothing(&page);
        if language != "en" {
            let prose = english_prose(&page);
            assert!(prose.is_empty(), "{prose:#?}");
        }
    }
}

fn in_order(page: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = page[from..].find(part);
        from += at.unwrap_or_else(|| panic!("{part:?} does not follow in\n{}", &page[from..]));
    }
}

fn loads_nothing(page: &str) {
    assert!(page.contains("default-src 'none'") && page.contains("</html>"));
    for word in ["http:", "https:", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
}

/// 12 of 330 nodes, counted after both dates.
pub fn of_a_late_fleet(fleet: &Fleet) {
    let english = [
        "\u{2718}</span> 12 of 330 may be accepted",
        "12 of 330 nodes promised by now meet the contract.",
        "Late: 100 nodes were due on 31 March 2024, 101 days ago, and 88 of them are still lacking.",
        "5,769,920.00 CNY are owed in credits.",
        "SIMULATED",
        "318",
        "What to do next",
        "Ask for 318 nodes that were promised by now and never reported",
        "Claim 5,769,920.00 CNY in credits for 318 nodes",
        "the contract allows it since 30 May 2024, because 318 nodes are lacking",
        "<h2>Dates",
        "Every node that reported meets the contract.",
        "The 12 nodes that meet the contract",
        "73.5 to 100.0 %",
        "A node costs 116,800.00 CNY a month.",
        "How it was counted",
        "assay fleet REPORTS",
    ];
    let chinese = [
        "\u{2718}</span> 330 个节点中有 12 个可以通过验收",
        "至今应交付 330 个节点，其中 12 个达到要求。",
        "2024 年 3 月 31 日应交付 100 个节点，已逾期 101 天，仍缺 88 个。",
        "应抵扣 5,769,920.00 元。",
        "模拟数据",
        "下一步怎么做",
        "要求交付至今应交付而从未报告的 318 个节点",
        "自 2024 年 5 月 30 日起可以解除",
        "<h2>交付期",
        "统计方法",
    ];
    pages(fleet, "2024-07-10", "late", &english, &chinese);
}

/// One node, while nothing is due.
pub fn before_the_day(fleet: &Fleet) {
    let english = [
        "?</span> Nothing is due yet",
        "1 of 330 nodes meets the contract; none is due yet.",
        "Expect 99 more nodes by 31 March 2024.",
    ];
    let chinese =
        ["尚无到期节点", "合同共 330 个节点，其中 1 个达到要求", "2024 年 3 月 31 日前还应交付 99 个节点。"];
    pages(fleet, "2024-03-31", "early", &english, &chinese);
}

/// 330 nodes with slow, relabelled and doubled cards, a copied report and an unknown key.
pub fn of_a_full_fleet(fleet: &Fleet) {
    let english = [
        "Not accepted",
        "318 of 330 nodes promised by now meet the contract.",
        "10",
        "rejected",
        "Do not accept these 2 nodes: a card of each was reported from another node before.",
        "node-041</span>,</span> <span class=\"one\"><span translate=\"no\">node-299",
        "Ask why a report is a copy of another node's",
        "node-061",
        "Ask for a report again, signed with an agreed key",
        "node-070",
        "Ask for 2 nodes that were promised by now and never reported",
        "less each month for",
        "Nodes that do not meet the contract (10)",
        "name the same card",
        "which is another model",
        "Cards far from the others (8)",
        "Refused reports (2)",
    ];
    let chinese = [
        "未达到验收要求",
        "请勿验收以下 2 个节点",
        "node-041</span>、</span><span class=\"one\"><span translate=\"no\">node-299",
        "每月少付",
        "未达到要求的节点（10）",
        "报告了同一张卡",
        "是另一种型号",
        "明显落后的卡（8）",
        "不予采信的报告（2）",
        "密钥不明",
    ];
    pages(fleet, "2024-07-10", "full", &english, &chinese);
}

/// A fleet of so many nodes, each with so many reasons that it is not accepted; made by hand.
fn answer(nodes: u32, reasons: usize, name: &str) -> Answer {
    let lacking = Lacking {
        clause: name.to_owned(),
        severity: Severity::Must,
        verdict: Verdict::Fail,
        demanded: Some(Amount::Number { value: 2e9, unit: Unit::BytePerSecond }),
        found: Some(Amount::Number { value: 1e9, unit: Unit::BytePerSecond }),
        because: Reason::CardCannot { why: name.to_owned() },
        short: Some(0.5),
        identity: false,
    };
    let why = |card: usize| Why {
        card: Some(format!("{name} {card}")),
        clause: format!("{name} {card}"),
        verdict: Verdict::Fail,
        because: Because::Lacking(lacking.clone()),
    };
    let card = Card {
        selector: name.to_owned(),
        name: name.to_owned(),
        kind: Some(ProvenanceKind::Hardware),
        pci_address: None,
        ids: Default::default(),
        verdict: Verdict::Fail,
        lacking: vec![lacking.clone()],
        medians: Vec::new(),
    };
    let state = if reasons == 0 { State::Accepted } else { State::Rejected };
    let node = |at: u32| NodeAnswer {
        name: format!("{name} node-{at:03}"),
        is_named: true,
        state,
        healthy: true,
        reports: 1,
        failed_before: 0,
        since: None,
        report: None,
        report_sha256: None,
        level: None,
        challenge_sha256: None,
        salt_sha256: None,
        proof: None,
        waived: Vec::new(),
        reasons: (0..reasons).map(why).collect(),
        cards: vec![card.clone()],
    };
    let bad = if reasons == 0 { 0 } else { nodes };
    let counts = Counts { delivered: nodes, accepted: nodes - bad, rejected: bad, ..Counts::default() };
    Answer {
        tool_version: String::new(),
        contract: name.to_owned(),
        contract_sha256: "00".repeat(32),
        as_of: "2024-07-10T00:00:00Z".parse().unwrap(),
        sources: Sources { reports: nodes as usize, repeated: 0, by_other_text: 0, others: 0 },
        challenged: 0,
        counts,
        listed: None,
        over_fleet: Vec::new(),
        milestones: Vec::new(),
        nodes: (0..nodes).map(node).collect(),
        outliers: Vec::new(),
        refused: Vec::new(),
        availability: None,
        money: None,
    }
}

fn rendered(answer: &Answer, contract: &Contract, language: Language) -> String {
    in_form(Form::Html, answer, contract, language)
}

fn in_form(form: Form, answer: &Answer, contract: &Contract, language: Language) -> String {
    let mut text = Vec::new();
    form.render(answer, contract, Page::file(&mut text).speaking(language)).unwrap();
    String::from_utf8(text).unwrap()
}

/// What is not owed yet, is past its last day, or has no amount is said so wherever it stands.
#[test]
fn what_is_open_past_or_unknown_is_marked() {
    let due = |kind, standing, amount: Option<&str>, claim_by: &str| Due {
        kind,
        of: if kind == DueKind::Credit { "delivery" } else { "upload" }.to_owned(),
        standing,
        nodes: Vec::new(),
        count: 1,
        amount: amount.map(|amount| amount.parse().unwrap()),
        on: None,
        claim_by: Some(When(claim_by.parse().unwrap())),
        is_past: claim_by < "2024-07-10",
    };
    let money = Money {
        currency: "USD".to_owned(),
        node_month: None,
        per_pflops_hour: Vec::new(),
        per_tbs_hour: Vec::new(),
        dues: vec![
            due(DueKind::Credit, Standing::Owed, None, "2024-07-09"),
            due(DueKind::Credit, Standing::Open, Some("123.00"), "2024-07-10"),
            due(DueKind::PriceCut, Standing::IfKept, Some("456.00"), "2024-07-11"),
        ],
        credits: None,
        price_cuts_per_month: Some("0.00".parse().unwrap()),
    };
    let answer = Answer { money: Some(money), ..answer(1, 1, "slot") };
    let terminal = |language| {
        let mut text = Vec::new();
        Form::Human.render(&answer, &any_contract(), Page::file(&mut text).speaking(language)).unwrap();
        String::from_utf8(text).unwrap()
    };
    let page = |language| rendered(&answer, &any_contract(), language);
    let english = [
        "2024-07-09, which is over",
        "123.00 USD, if measuring again does not pass",
        "456.00 USD a month, if kept",
        "not computable",
    ];
    let chinese =
        ["2024-07-09，已过", "123.00 美元（若重测未通过）", "每月 456.00 美元（若保留）", "无法计算"];
    for (language, parts) in [(Language::English, english), (Language::Chinese, chinese)] {
        for text in [terminal(language), page(language)] {
            for part in parts {
                assert!(text.contains(part), "{part}\n{text}");
            }
        }
    }
    let steps = page(Language::English);
    for part in [
        "its price does not say how much",
        "It was to be claimed by 9 July 2024: that day is over.",
        "123.00 USD in credits for lateness depend on it.",
        "To be claimed by 10 July 2024 at the latest.",
        "If you keep what never passed, pay 456.00 USD less each month for 1 node",
    ] {
        assert!(steps.contains(part), "{part}\n{steps}");
    }
}

fn any_contract() -> Contract {
    terms("metric = \"stream.triad.rate\"\nat_least = \"1 GB/s\"\nstatistic = \"p5\"")
}

#[test]
fn tables_of_a_fleet_end_somewhere_and_say_so() {
    let page = rendered(&answer(330, 9, "slot"), &any_contract(), Language::English);
    // Eight of nine reasons for each node: a node is never cut off from its reasons.
    assert_eq!(page.matches("cannot do what is demanded").count(), 330 * 8);
    assert_eq!(page.matches("<tbody><tr class=\"first\"><th scope=\"rowgroup\" rowspan=\"8\">").count(), 330);
    assert!(page.contains("(and 1 more reason)") && !page.contains("<th class=\"again\">"));
    assert!(page.len() < 1 << 20, "{}", page.len());
    let page = rendered(&answer(402, 1, "slot"), &any_contract(), Language::English);
    assert_eq!(page.matches("cannot do what is demanded").count(), 400);
    in_order(&page, &["and 2 more; <code class=\"short\">--format json</code> and", "have them all."]);
    let page = rendered(&answer(330, 1, "slot"), &any_contract(), Language::English);
    assert_eq!(page.matches("cannot do what is demanded").count(), 330);
    assert!(!page.contains("have them all"));
    in_order(
        &page,
        &[
            "Not accepted",
            "0 of 330 nodes that reported meet the contract.",
            "and 318 more",
            "Nodes that do not meet the contract (330)",
        ],
    );
}

/// Of the cards of a node, each with another figure.
fn slow(answer: &mut Answer, figures: &[f64]) {
    let node = &mut answer.nodes[0];
    let (why, card) = (node.reasons[0].clone(), node.cards[0].clone());
    let Because::Lacking(lacking) = &why.because else { panic!("{why:?}") };
    let reason = |at: usize| {
        let found = Some(Amount::Number { value: figures[at], unit: Unit::BytePerSecond });
        let number = |value| Amount::Number { value, unit: Unit::BytePerSecond };
        let because = Reason::DeliveredTooLittle {
            low: number(figures[at] - 1e7),
            high: number(figures[at] + 1e7),
            samples: 9,
            sampling: Sampling::Decided,
        };
        let short = Some(1.0 - figures[at] / 2e9);
        Why {
            card: Some(format!("card-{at}")),
            because: Because::Lacking(Lacking { found, because, short, ..lacking.clone() }),
            ..why.clone()
        }
    };
    node.reasons = (0..figures.len()).map(reason).collect();
    node.cards = vec![card; figures.len()];
}

/// Eight cards that are slow in the same way are one line; which card was doubled stands before it.
#[test]
fn equal_reasons_of_a_node_stand_once_and_doubled_cards_first() {
    let mut answer = answer(2, 1, "slot");
    slow(&mut answer, &[1.755e9, 1.5e9, 1.76e9]);
    answer.nodes[1].name = "twin".to_owned();
    let [again, first, of] = ["b.json", "a.json", "slot"].map(str::to_owned);
    answer.nodes[1].reasons.push(Why {
        card: Some("GPU-1".to_owned()),
        clause: DUPLICATE.to_owned(),
        verdict: Verdict::Fail,
        because: Because::Claimed { again, first, of },
    });
    let merged = "demanded 2 GB/s, found 1.5 .. 1.76 GB/s, of the worst: what is delivered lies from 1.49 GB/s to 1.51 GB/s";
    let page = rendered(&answer, &any_contract(), Language::English).replace('\u{a0}', " ");
    assert_eq!(page.matches("what is delivered lies").count(), 1);
    in_order(
        &page,
        &[
            "What decides: 1 node with a card that was reported",
            "rowspan=\"2\">",
            ">twin<",
            "fleet.duplicate",
        ],
    );
    in_order(&page, &["fleet.duplicate", "all 3 cards", merged]);
    let text = in_form(Form::Human, &answer, &any_contract(), Language::English);
    in_order(
        &text,
        &[
            "fleet.duplicate",
            "all 3 cards",
            merged,
            "Not accepted",
            "What to do next",
            "1. Do not accept this node",
        ],
    );
    // Of four cards three: each is named.
    let card = answer.nodes[0].cards[0].clone();
    answer.nodes[0].cards.push(card);
    let text = in_form(Form::Human, &answer, &any_contract(), Language::English);
    assert!(text.contains("card-0, card-1, card-2"), "{text}");
}

#[test]
fn more_than_was_promised_by_now_is_no_part_of_it() {
    let mut answer = answer(319, 0, "slot");
    (answer.counts.contracted, answer.counts.promised) = (Some(330), 100);
    let page = rendered(&answer, &any_contract(), Language::English);
    in_order(&page, &["All 100 nodes promised by now meet the contract, 319 in all.", "100 of 100</dd>"]);
    let page = rendered(&answer, &any_contract(), Language::Chinese);
    in_order(&page, &["至今应交付的 100 个节点全部达到要求，共 319 个。", "100 / 100</dd>"]);
}

#[test]
fn a_fleet_without_fault_is_accepted_and_says_what_to_keep() {
    for (language, parts) in [
        (
            Language::English,
            [
                "\u{2714}</span> May be accepted",
                "Accept the nodes, and keep the reports",
                "The 3 nodes that meet the contract",
            ],
        ),
        (
            Language::Chinese,
            [
                "\u{2714}</span> 可以通过验收",
                "这些节点可以通过验收；请将报告与合同、密钥一并保存",
                "达到要求的 3 个节点",
            ],
        ),
    ] {
        let page = rendered(&answer(3, 0, "slot"), &any_contract(), language);
        in_order(&page, &parts);
        assert!(
            !page.contains("SIMULATED") && !page.contains("模拟数据"),
            "cards of this answer are real ones"
        );
    }
}

#[test]
fn text_of_hostile_machines_stays_text_on_a_fleets_page() {
    let mut answer = answer(2, 2, HOSTILE);
    let told = Cause::Told(HOSTILE.to_owned());
    answer.refused.push(Refused { source: HOSTILE.to_owned(), what: Refusal::Unreadable, why: told });
    for language in Language::ALL {
        let page = rendered(&answer, &any_contract(), language);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!page.contains("<script"));
        assert!(
            !page.chars().any(|c| c == '\u{202e}' || (c.is_control() && c != '\n')),
            "text that hides text"
        );
    }
}
