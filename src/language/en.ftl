### Everything that pages and tables say, in English. A test holds this file and the others to the same ids and values, and each id to a
### place in the source that says it. Texts that a machine or a party wrote come in as values and are never translated.

## Small parts

quoted = "{ $text }"
recorded = { $text }
list-comma = { ", " }
list-clause = { ", " }
list-semicolon = { "; " }
list-colon = { ": " }
gap-before-names = { " " }
list-and = { " and " }
full-stop = .
and-more = and { $count } more
at-least = at least { $figure }
at-most = at most { $figure }
no-times = none
no-figure = no figure
not-measured = not measured
of-all = { $part } of { $all }
each-month = { $amount } a month
name-and-value = { $name } { $value }
money = { $amount } { $currency }
money-unknown = an amount that the price does not give
not-computable = not computable
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
    } { $year }
count-days = { $count ->
    [one] 1 day
   *[other] { $count } days
    }
count-devices = { $count ->
    [one] 1 device
   *[other] { $count } devices
    }
count-metrics = { $count ->
    [one] 1 metric
   *[other] { $count } metrics
    }
count-windows = { $count ->
    [one] 1 window
   *[other] { $count } windows
    }

## Verdicts, and what they are of

verdict-pass = PASS
verdict-inconclusive = INCONCLUSIVE
verdict-fail = FAIL
severity-must = must
severity-should = should
severity-info = info
subject-node = node
provenance-hardware = hardware
provenance-software = software
provenance-simulated = simulated
software-on = { $threads ->
    [one] software on 1 CPU thread
   *[other] software on { $threads } CPU threads
    }
simulated-nothing-measured = SIMULATED, nothing was measured
driver = driver { $driver }
device-line = { $selector }: { $name } ({ $about })
place-serial = serial { $serial }
place-slot = slot { $slot }
card-at = { $selector } ({ $place })
device-never-opened = { $selector }: never opened ({ $how })
order-together = all devices at the same time
order-one-at-a-time = one device at a time
trust-l0 = L0, self-declared: a simulated device, or none
trust-l1 = L1, measured, and nobody outside timed it: the host could have lied
trust-l2 = L2, challenged and timed by the verifier
trust-l3 = L3, as L2 with the vendor's attestation
sealed-ephemeral = a key made for this run alone: it shows that nothing was changed since, not who signed
sealed-named = a key that somebody keeps, by the report's own word; `assay verify` tells whose

## How something ended

ended-completed = completed
ended-unfinished = the recording stops early
ended-interrupted = interrupted
ended-lost = lost: { $why }
ended-lost-during = lost during { $during }: { $why }
how-unfinished = its events stop without an end
how-lost-during = { $why } during { $during }
absence-card-cannot = the device cannot: { $why }
absence-we-cannot = this backend cannot: { $why }
absence-skipped = skipped: { $why }
device-lost = device lost: { $why }
device-out-of-memory = out of device memory while asking for { $bytes } bytes
device-validation = the driver refused the work: { $why }
device-hang = no answer from the device for { $ms } ms
device-crash = the driver crashed: { $why }

## Why a verdict is what it is

finding-demanded = demanded { $demanded }, { $because }
finding-found = found { $found }, { $because }
finding-demanded-found = demanded { $demanded }, found { $found }, { $because }
of-the-worst = of the worst: { $because }
sampled-until-decided = sampling stopped early, after { $samples } samples, because it was decided
sampled-to-the-cap = sampling ran to its cap, { $samples } samples
sampled-so-often = after { $samples } samples
measure-counters = run again with a driver that tells it, see `assay doctor`
measure-identity = no source on this machine tells it, see `assay doctor`
measure-vendor = run again where the vendor's library (cuBLASLt) is, see `assay doctor`, without `--probe` or with `--probe vendor` too
measure-load = run again with `--soak 24h` or as long as is demanded, or with `--profile acceptance`
measure-probe = run again without `--probe`, which measures all, or with `--probe { $probe }` too; where that probe ran, this device or profile has no such case
claim = { $source } says "{ $value }"
reason-met = the demand is met
reason-not-met = the demand is not met
reason-delivered-enough = what is delivered lies from { $low } to { $high }, which is enough: { $sampled }
reason-delivered-too-little = what is delivered lies from { $low } to { $high }, which is too little: { $sampled }
reason-delivered-open = what is delivered lies from { $low } to { $high }, which leaves it open: sampling ended after { $samples } samples without a decision; run again with a longer `--duration`
reason-too-few-samples = { $samples } samples are too few, or hang together too much, to decide on; run again with a longer `--duration`
reason-no-device = no device was measured; see `assay list` for the devices of this machine
reason-not-opened = the device was never opened ({ $how }); see `assay doctor`
reason-provenance-refused = the device is { $is } and the contract accepts only { $accepted }; measure the real device, or let both parties agree on accept = ["{ $code }"]
reason-not-measured = { $metric } was not measured; { $how }
reason-device-not-completed = the run of this device did not complete ({ $how }); run again
reason-run-not-completed = the run did not complete ({ $how }); run again
reason-card-cannot = the device cannot do what is demanded: { $why }
reason-we-cannot = this backend cannot measure it: { $why }; try another backend, `assay list` shows them
reason-failed = the measurement failed: { $error }; run again, and see `assay doctor` if it fails again
reason-skipped = it was skipped: { $why }
reason-wrong-result = the device computed a wrong result: { $why }
reason-wrong-under-load = { $wrong } of { $checked } results under load were wrong, so no figure of it counts
reason-not-kept-up = the load was kept up for { $watched } s of { $asked } s; run again
reason-broke-off = { $times ->
    [one] the run broke off once, for { $seconds } s in all, in which nobody watched
   *[other] the run broke off { $times } times, for { $seconds } s in all, in which nobody watched
    }
reason-broke-off-unknown = { $times ->
    [one] the run broke off once, for an unknown time, in which nobody watched
   *[other] the run broke off { $times } times, for at least { $seconds } s in all and nobody knows how much longer, in which nobody watched
    }
lapse-slept = { $times ->
    [one] the machine slept for { $time }
   *[other] the machine slept { $times } times, for { $time } in all
    }
lapse-stood = { $times ->
    [one] the program was stopped or the machine frozen for { $time }, in which nobody watched
   *[other] the program was stopped or the machine frozen { $times } times, for { $time } in all, in which nobody watched
    }
lapse-throttled = the CPU quota of the container held this program back for { $time } at least: figures by the host's clock may be low for it; give it more CPU, or no quota
lapse-stalled = { $times ->
    [one] the device was waited for during { $time }, far longer than for other products: no time that counts as watched
   *[other] the device was waited for { $times } times far longer than for other products, { $time } in all: no time that counts as watched
    }
lapse-set-ahead = { $times ->
    [one] the wall clock was set ahead by { $time }
   *[other] the wall clock was set ahead { $times } times, by { $time } in all
    }
lapse-set-back = { $times ->
    [one] the wall clock was set back by { $time }
   *[other] the wall clock was set back { $times } times, by { $time } in all
    }
reason-canary-missed = the check missed a planted error, so nothing it says counts; run again and report this
reason-nothing-compared = no result was compared with the reference, so the figure does not count; run again and report this
reason-memory-errors = { $words } words read back wrong, so this memory does not hold its data
reason-not-read-back = only { $checked } of { $filled } were read back and checked; run again and report this
reason-clocks-disagree = the device's clock says { $device } where the host's says { $host }, so no rate can be believed; run again on an idle machine, and distrust the driver if it stays
reason-only-a-lower-bound = it is at least this much, no more is known: { $why }; where the profile stopped it, run again with `--profile standard`
reason-shortfall-may-be-ours = no kernel of ours is known to show all that this card can do, which may be better; take another tool's word for it, or demand what this kernel reaches on a good card
reason-no-figure = the samples give no finite figure; run again and report this
reason-too-fast-to-be-true = { $figure } is beyond what such a device can do ({ $limit }), so it is no measurement; distrust the machine's clocks or its PCI id
reason-measured-alone = the devices were measured one at a time, and at the same time they may be slower; run again without `--one-at-a-time`, or let both parties agree on measured = "alone"
reason-telemetry-silent = telemetry does not say { $what }; it needs a driver that does, see `assay doctor`
reason-never-throttled = clocks were not reduced in that time, and what comes later nobody saw; run again with a longer `--soak`
reason-no-error-so-far = no result was wrong, and so short a time shows no more; run again with a longer `--soak`
reason-telemetry-too-short = { $readings } readings of telemetry are too few to say never; run longer, with `--duration`
reason-telemetry-gap = telemetry told nothing from { $from } to { $to } of the run, so nobody knows what happened then; run again, and see `assay doctor`
reason-telemetry-frozen = clock, power and temperature did not change once in { $readings } readings over { $seconds } s, so telemetry is frozen; reload the driver and run again
reason-flag-seen = { $flag } was seen in { $readings } readings, first at { $seconds } s
reason-takes-two = this takes two devices at least, and { $present } { $present ->
    [one] was
   *[other] were
    } there and measured; without `--device` all are measured, and simulated ones are told apart by `index`, as in `sim:h200,index=1`
reason-too-few-devices = of { $demanded } demanded devices { $present } were there and measured; without `--device` all are measured, and simulated ones are told apart by `index`, as in `sim:h200,index=1`
reason-parts-hidden = of { $demanded } demanded parts of cards (MIG) { $present } was measured; CUDA shows a process one, so nothing shows that the others are missing; name each as `nvidia-smi -L` lists it, --device cuda:MIG-..., and measure again
reason-devices-hidden = of { $demanded } demanded devices { $present } were measured, and { $by } hides others, so nothing shows that they are missing; unset it, or give the run the whole node, and measure again
reason-on-figure = { $devices } ({ $metric })
reason-too-few-completed = { $completed } of { $demanded } demanded devices completed their run; see the events for what happened to the others
reason-sku-matches = the device calls itself "{ $name }"; this is the machine's own word, the clauses test it
reason-sku-differs = the device calls itself "{ $name }", which is another model
reason-sku-contradicted = the device calls itself "{ $name }", which is another card than its PCI id { $id } says; ask the provider which of the two is so, and have the node measured again
reason-sku-unclear = the device calls itself "{ $name }", which neither confirms nor contradicts the model; compare them yourself
reason-identity-conflict = the { $field } is "{ $device }" by the device and "{ $telemetry }" by its telemetry
reason-sources-disagree = the sources disagree about the { $field }: { $claims }
reason-same-device = { $selectors } are one device: both have the { $field } { $value }; measure it once

## Figures

head-metric = metric
head-median = median
head-range = p5 .. p95
head-samples = samples
head-conditions = conditions
head-check = result check
head-of-datasheet = of the datasheet
head-clause = clause
head-severity = severity
head-on = on
head-demanded = demanded
head-found = found
head-verdict = verdict
head-because = because
head-strip = samples beside the bound
head-not-measured = not measured
head-why = why
head-from-to = from \ to
head-launch-form = launch form
head-kernel = kernel SHA-256
head-address = byte address within the buffer
head-read = word that was read
head-after = after
head-of = of
head-word = word
head-expected = expected
head-got = got
between-devices = between devices
between-pairs = median rates from the device of a row to that of a column:
between-pairs-all = median rates from the device of a row to that of a column, all { $way }:
telemetry-silent = telemetry does not say
machines-word = the machine's word
never-reduced = clocks were never reduced for heat or by a brake
bound-of-words = at most { $most } of words, with 95 % confidence
bound-of-results = at most { $most } of results, { $hourly } an hour, with 95 % confidence
compared-all-right = { $checked } results compared, all right
compared-wrong = { $wrong } of { $checked } results WRONG
clock-host = host clock
clocks-disagree = CLOCKS DISAGREE
data-integer = integer data
data-normal = normal data
data-wide = wide-range data
reach-kernel = perhaps not all that the card has
check-exact = { $exact } exact
check-exact-and-sampled = { $exact } exact, { $sampled } within bound
check-words-right = { $words } words read back right
check-words-wrong = { $wrong } of { $checked } words WRONG, first seen at byte { $first }, bits { $mask }, { $set } set, { $cleared } cleared
check-wrong = WRONG: { $why }
check-canary-missed = { $check }, PLANTED ERROR MISSED
peer-wrong = WRONG
looks-near = { $name } ({ $distance })
looks-like = looks like { $nearest }; 0 is the middle of what is plausible of a card, 1 its edge
looks-like-none = looks like no card of the catalogue; nearest { $nearest }; 0 is the middle of what is plausible of a card, 1 its edge
looks-unknown = the catalogue has no card that is called { $name }
looks-as-called = nothing measured speaks against { $name }
looks-but = called { $name }, but { $against }
looks-id-of = its PCI id is that of { $name }
looks-more = and so are { $count } more
looks-contradiction = { $what } is { $measured }, far from { $catalogue }
looks-own-word = its { $what } is { $measured } by its own word, far from { $catalogue }
looks-ran = { $what } ran, which needs compute capability { $needs }, and not { $has }
looks-refused = it refused { $what }, of which the datasheet has { $catalogue }

## A report on a terminal and for a ticket

report-line = assay { $version } report, { $profile } profile, started { $started }
run-line = profile { $profile }, started { $started }, assay { $version }
contract-line = contract { $id }, sha256 `{ $sha256 }`
name-measured = measured
name-trust = trust level
name-signed = signed by
name-signed-report = signed report
name-public-key = public key
verdict-line = verdict: { $word }
no-verdict = no verdict
no-verdict-line = no verdict: there was no contract to judge by
no-verdict-because = no verdict, there was no contract to judge by
title-findings = Findings
cut-here = Cut here, because such a page may hold 1 MiB; the signed report holds everything.

## A report as a page

page-title = assay: { $what }
kicker-report = assay report
title-no-verdict = No verdict: there was no contract to judge by
title-steps = What to do next
title-unmet = What is not met
all-devices = all { $count } devices
more-unmet = { $count ->
    [one] 1 more stands below.
   *[other] { $count } more stand below.
    }
wrong-results = Wrong results
wrong-on = { $what } on { $on }
wrong-results-of = : { $what }. A device that computes wrongly is not sound, whether or not a clause asks for it.
gap = A gap
gap-because = : { $reason }.
simulated = SIMULATED
simulated-because = : figures of simulated devices are computed, nothing was measured.
short-nothing-demanded = Figures only: nothing was demanded, so nothing was decided.
short-all-met = { $total ->
    [0] There was no binding demand.
    [one] The one binding demand is met.
   *[other] All { $total } binding demands are met.
    }
short-open = { $total ->
    [one] The one binding demand could not be decided; not measured is never a pass.
   *[other] Of { $total } binding demands none failed, but { $open } could not be decided; not measured is never a pass.
    }
short-failed = { $total ->
    [one] The one binding demand failed.
   *[other] Of { $total } binding demands, { $fails } failed.
    }
short-failed-and-open = Of { $total } binding demands, { $fails } failed and { $open } could not be decided.
short-wishes = { $count ->
    [one] 1 demand that does not bind is not met: { $clauses }.
   *[other] { $count } demands that do not bind are not met: { $clauses }.
    }
fact-contract = contract
fact-tenant = tenant
fact-provider = provider
fact-node = node
fact-measured = measured
fact-trust = trust level
fact-signed = signed by
fact-name = name
fact-kind = kind
fact-pci-id = PCI id
fact-pci-address = PCI address
fact-driver = driver
fact-units = units
fact-memory = memory
fact-datasheet = datasheet of that PCI id
profile-and-devices = { $profile } profile, { $devices }
plots-of-some = Plots are drawn for { $drawn } of { $all } devices, those with the worst verdicts first. The signed report holds all samples.
title-clauses = Clauses
note-strip = The strip shows the lowest and highest sample (thin line), from the 5th to the 95th percentile (bar), the median (tick) and the bound (dashed line with a triangle on the side that is allowed). All strips of a clause have one scale.
strip-about = samples from { $least } to { $most }, median { $median }, bound { $bound }
label-found = found
demanded = { "demanded " }
demand-at-least = { $statistic ->
    [none] { $metric } at least { $bound }
   *[other] { $statistic } of { $metric } at least { $bound }
    }
demand-at-most = { $statistic ->
    [none] { $metric } at most { $bound }
   *[other] { $statistic } of { $metric } at most { $bound }
    }
demand-ratio = { $statistic ->
    [none] { $metric } at least { $share } of { $to }
   *[other] { $statistic } of { $metric } at least { $share } of { $to }
    }
demand-equals = { $metric } equals { $value }
demand-never = never { $flag }
more-findings = and { $count } more, the worst of which: { $worst }
title-beside = Devices beside each other
title-between = Between devices
note-beside = Medians of the same metric on each device. Metrics with the largest shortfall stand first.
nothing-beside = No metric was measured on more than one device.
median-of-devices = median of devices { $median }
slowest-by = slowest, { $percent } % worse than the median
slowest-within = slowest, within { $percent } % of the median
faster-not-shown = { $count ->
    [one] 1 faster device is not shown.
   *[other] { $count } faster devices are not shown.
    }
did-not-complete = { "Did not complete: " }
never-opened = The device was never opened.
title-looks = What it looks like
note-looks = by what was measured, beside the catalogue
title-own-word = The machine's own word
note-own-word = claims of driver and system, which nothing here confirms
all-claims = { $count ->
    [one] The 1 claim
   *[other] All { $count } claims
    }
title-figures = Figures
absences = { $count ->
    [one] Not measured: 1 metric
   *[other] Not measured: { $count } metrics
    }
title-memory-errors = Memory errors
memory-errors = { $wrong } of { $checked } words read back wrong (`{ $metric }`): { $set } bits set, { $cleared } cleared, at the bit positions of `{ $mask }`.
first-are-shown = The first { $count } are shown.
title-load = Full load kept up
load-times = { ", " }asked for { $asked }, watched for { $watched }
note-shaded = Shaded: when the device said that it held its clocks down, and for what, and when nobody watched.
title-wrong-under-load = Wrong results under load
wrong-under-load = { $wrong } of { $checked } results were wrong.
some-word-by-word = { $count } of them, the first and the last among them, word by word
all-word-by-word = All of them, word by word
title-sensors = Sensors while it worked
title-spreads = Time of a batch, how often
title-slices = Time slices that others took, how often
title-samples = Samples in the order of time
title-conditions = Conditions and kernels
foot-report = This page is not signed and proves nothing by itself: it shows what stands in the signed report beside it. Check that with `assay verify report.dsse.json --trust KEY.pub.pem`.
imprint = The signed statement has the SHA-256 { $sha256 }, and { $count ->
    [0] its file names no key
    [one] its file says that the key { $keys } signed it
   *[other] its file says that the keys { $keys } signed it
}; `assay verify` gives the same where that holds.
foot-made = Measured by { $tool } { $version }, judged by { $judge } { $judge_version }, sealed { $sealed }
foot-seed = { ", seed " }
foot-contract = { ", contract SHA-256 " }
foot-recorded = What machines, drivers and parties wrote stands as it was recorded.

## Plots

plot-roofline = Roofline
plot-roofline-note = FLOP/s over FLOP per byte; lines measured, dashed lines the datasheet's
plot-slope = slope
percent-of = { $percent } % of { $of }
no-datasheet-figure = no datasheet figure
plot-latency = Latency of a dependent load
plot-latency-note = ns, median, over the working set; a step is the end of a cache
plot-over-time = { $unit } over time
plot-over-time-with-keys = { $unit } over time; { $keys }
plot-key = { $style ->
    [dashed] dashed: { $name }
   *[line] line: { $name }
    }
plot-addresses = Where they lie
plot-addresses-note = offset within 4 KiB over GB of the memory that was filled
plot-times-under-load = Time of a product
plot-times-note = products over ms that one took
plot-slices-note = slices over ms of each
plot-histogram-note = samples over ms per batch of { $repeat }
plot-clocks = Clocks
plot-power = Power
plot-temperature = Temperature
plot-fan = Fan
plot-busy = Busy
sensor-multiprocessors = multiprocessors
sensor-memory = memory
sensor-drawn = drawn
sensor-limit = limit
sensor-chip = chip
sensor-units = units
sensor-fan = fan
plot-rate-under-load = Rate under load
plot-rate-note = { $unit } over time, window by window
plot-clock-under-load = Clock under load
plot-power-under-load = Power under load
plot-temperature-under-load = Temperature under load
plot-memory-temperature-under-load = Memory temperature under load
plot-fan-under-load = Fan under load
plot-sensor-note = { $unit } over time; line: most of a window, dashed: least
plot-wrong-note = per window, over time
plot-rises-note = how far it rose, over time; the machine's own word
throttle-thermal = thermal
throttle-power = power
throttle-brake = brake
not-watched = not watched

## What to do about a report

step-simulated = Measure the real cards: figures of simulated ones decide nothing and give no claim.
step-no-contract = Agree on what the machine must do: `assay contract new --from OUT/report.dsse.json` writes a contract with bounds from these figures, and `assay replay OUT/events.jsonl --contract contract.toml` judges this run by it.
step-wrong-results = Do not accept yet: results were wrong, and no failed demand is about them. Have the cause found, demand those figures in a clause, and measure again:
step-wishes = { $count ->
    [one] Ask the provider about the demand that does not bind and is not met; the verdict does not hang on it:
   *[other] Ask the provider about the { $count } demands that do not bind and are not met; the verdict does not hang on them:
    }
step-accept-report = Accept what was measured, and keep the signed report with the contract and the signer's public key. Anybody can check it at any time: `assay verify report.dsse.json --trust KEY.pub.pem --contract contract.toml`.
step-failed = { $count ->
    [one] Do not accept the machine as it is, and show the provider the demand that is not met:
   *[other] Do not accept the machine as it is, and show the provider the { $count } demands that are not met:
    }
step-identity = { $count ->
    [one] Do not accept a card that is not what it is called, or of which sources disagree; have it explained or exchanged:
   *[other] Do not accept { $count } cards that are not what they are called, or of which sources disagree; have them explained or exchanged:
    }
step-lost = { $count ->
    [one] A card did not come to the end of its run. Look for what became of it in the kernel's messages (`dmesg`, Xid), have it reset or exchanged, and measure again:
   *[other] { $count } cards did not come to the end of their runs. Look for what became of them in the kernel's messages (`dmesg`, Xid), have them reset or exchanged, and measure again:
}
step-parted = { $count ->
    [one] A copy between two cards broke off. Look for the cause in the kernel's messages (`dmesg`, Xid), at the way between them (`nvidia-smi topo -m`, `nvidia-smi nvlink --status`) and at the fabric manager, and measure again:
   *[other] { $count } copies between cards broke off. Look for the cause in the kernel's messages (`dmesg`, Xid), at the ways between them (`nvidia-smi topo -m`, `nvidia-smi nvlink --status`) and at the fabric manager, and measure again:
}
step-lost-all = No card came to the end of its run. Look at the host and its driver first (`dmesg`), give a host that is only slow more time (`--hang-after`), and measure again:
step-bad-cards = { $count ->
    [one] It is one card of { $all } that falls short. Name it to the provider by its place:
   *[other] It is { $count } cards of { $all } that fall short. Name them to the provider by their places:
}
step-foreign = { $measured } devices were measured, and the contract speaks of { $agreed }. If these of another model are not part of what is rented, name those that are by `--device`:
step-unseen = { $measured } were measured. The driver lists { $driver } cards and the kernel { $kernel }: what is listed and was not measured was left out by `--device`, is hidden from this container, or does not start (see `dmesg`, Xid).
step-rows = { $count ->
    [one] Memory of a card is worn: have it reset where something waits, exchanged where nothing can be replaced, and measure again:
   *[other] Memory of { $count } cards is worn: have them reset where something waits, exchanged where nothing can be replaced, and measure again:
}
rows-pending = rows of memory wait for a reset to be replaced
rows-failed = rows of memory could not be replaced
step-odd = What should be the same on all cards of a model is not; ask the provider why:
odd = { $fact } is { $most } on most, and on { $others }
odd-one = { $card } { $value }
step-no-remedy = The contract names no remedy for this: ask for repair or for another node, and measure again.
step-open = { $count ->
    [one] Measure again what could not be decided; its reason says how:
   *[other] Measure again the { $count } demands that could not be decided; their reasons say how:
    }
step-nothing-decides = Nothing that was measured decides: agree on binding demands (`severity = "must"`) and measure again.
step-prove = Before much is paid on it, let the machine prove its work to you, by your clock: `assay challenge new`, then `assay witness`. A report alone is the word of the host.
step-named-key = Ask for a report that is signed with a key which the contract names: this one's key was made for one run, so it does not show who signed.
remedy-credit = Claim a credit of { $per_day } of the node's price for a month for each day, up to { $cap }, for:
remedy-price-cut = Claim a lower price, by the share of the bound that is missed, up to { $cap }, for:
remedy-replace = { $days ->
    [one] Have the node replaced within 1 day, as the contract says, for:
   *[other] Have the node replaced within { $days } days, as the contract says, for:
    }
remedy-terminate = { $days ->
    [one] The lease may be ended if this is not put right within 1 day:
   *[other] The lease may be ended if this is not put right within { $days } days:
    }
claim-within = { $days ->
    [one] To be claimed within 1 day.
   *[other] To be claimed within { $days } days.
    }

## Many reports

state-accepted = meets the contract
state-undecided = undecided
state-rejected = rejected
state-missing = never reported
state-later = due later
refusal-unreadable = unreadable
refusal-unknown-key = unknown key
refusal-changed = changed after signing
refusal-contradicts = contradicts its samples
refusal-other-rules = judged by other rules
refusal-other-contract = another contract
refusal-out-of-time = out of time
refusal-replayed = replayed
refusal-other-salt = hidden otherwise
refusal-unsealed = no report
fleet-claimed = { $again } and { $first } of node { $of } name the same card
fleet-unnamed = a card has neither UUID nor serial number, so nothing tells whether it is in other nodes too
fleet-unsound = the last report lost a device, had wrong results, or contradicts itself about what a card is
fleet-unanswered = it names the challenge { $challenge }, which is not at hand or none of the tenant's, so nothing tells when it was measured; give that challenge's file with --challenge, or let the node be measured again under one
fleet-untimely = it says that it began at { $started } and was sealed at { $sealed }; a run is sealed after it began, and no more than a day later than its load takes. Let the node be measured again, and see to the machine's clock
time-to-come = it says that it began at { $started }, which is still to come; see to the machine's clock and to yours, and let the node be measured again
fleet-other-text = it was judged by another text of the contract with the same id (sha256 { $judged }, yours { $ours }); agree on one file, then have the recording signed anew by it: put its events.jsonl alone into a new directory, and `assay seal DIR --contract FILE --key KEY.pem`
cause-stranger = no trusted key signed this: either it was changed after signing, or somebody else signed it (it names the key { $claimed }, trusted: { $trusted }); get the signer's public key from the signer, not with the report
cause-changed = a trusted key is named, but its signature does not hold: the report was changed after signing
cause-judged-by = it was judged by "{ $id }"; have its recording signed anew by this contract: put its events.jsonl alone into a new directory, and `assay seal DIR --contract FILE --key KEY.pem`
cause-judged-by-none = it was judged by none; have its recording signed anew by this contract: put its events.jsonl alone into a new directory, and `assay seal DIR --contract FILE --key KEY.pem`
cause-differs = { $what }: stated { $stated }, recomputed { $recomputed }
cause-to-come = it says that it began at { $began }, which is yet to come
cause-before = it began at { $began }, before { $since }
cause-excluded = the contract excludes { $from } to { $until }: { $reason }
cause-copy-of = every sample of it is that of { $first }
cause-unsealed = a recording without a report: its run goes on still, or was cut off and nobody has sealed it
cause-other-salt = its cards are hidden behind another salt, or none, than those of { $first }: whether one counts twice cannot be told

## A fleet as a page: the summary

kicker-fleet = assay: many nodes under one contract
decision-accepted = May be accepted
decision-nothing-due = Nothing is due yet
decision-open = Not yet decided
decision-partial = { $accepted } of { $due } may be accepted
decision-refused = Not accepted
lead-due = { $accepted ->
    [one] 1 of { $promised } nodes promised by now meets the contract.
   *[other] { $accepted } of { $promised } nodes promised by now meet the contract.
    }
lead-due-all = { $promised ->
    [one] The one node promised by now meets the contract, { $accepted } in all.
   *[other] All { $promised } nodes promised by now meet the contract, { $accepted } in all.
    }
lead-not-yet = { $accepted ->
    [one] 1 of { $all } nodes meets the contract; none is due yet.
   *[other] { $accepted } of { $all } nodes meet the contract; none is due yet.
    }
lead-no-dates = { $accepted ->
    [one] 1 of { $delivered } nodes that reported meets the contract. It names no dates, so nothing can be late.
   *[other] { $accepted } of { $delivered } nodes that reported meet the contract. It names no dates, so nothing can be late.
    }
lead-late = { $days ->
    [one] Late: { $promised } nodes were due on { $day }, 1 day ago, and { $lacking } of them are still lacking.
   *[other] Late: { $promised } nodes were due on { $day }, { $days } days ago, and { $lacking } of them are still lacking.
    }
lead-because = What decides: { $causes }.
cause-double = { $count ->
    [one] 1 node with a card that was reported from another node before
   *[other] { $count } nodes with a card that was reported from another node before
    }
cause-unsound = { $count ->
    [one] 1 report whose signature or figures do not hold
   *[other] { $count } reports whose signature or figures do not hold
    }
cause-copied = { $count ->
    [one] 1 report that is another's copy or hides its ids otherwise
   *[other] { $count } reports that are others' copies or hide their ids otherwise
    }
cause-rejected = { $count ->
    [one] 1 rejected node
   *[other] { $count } rejected nodes
    }
cause-over-fleet = { $count ->
    [one] 1 failed clause over the fleet
   *[other] { $count } failed clauses over the fleet
    }
cause-never = { $count ->
    [one] 1 listed node that never reported
   *[other] { $count } listed nodes that never reported
    }
cause-undecided = { $count ->
    [one] 1 undecided node
   *[other] { $count } undecided nodes
    }
cause-over-fleet-open = { $count ->
    [one] 1 undecided clause over the fleet
   *[other] { $count } undecided clauses over the fleet
    }
owed-credits = By the contract's remedies { $credits } are owed in credits.
owed-cuts = By the contract's remedies the price falls by { $cuts } a month.
owed-unknown = By the contract's remedies something is due in money, and its price does not say how much.
owed-both = By the contract's remedies { $credits } are owed in credits, and the price falls by { $cuts } a month.
tile-accepted = nodes meet the contract
tile-met = binding demands met
tile-failed = binding demands failed
tile-open = binding demands undecided
tile-devices = devices measured
tile-missing = never reported
tile-rejected = rejected
tile-undecided = undecided
tile-late = late by
tile-credits = credits owed
fact-as-of = counted as of
fact-reports = reports
reports-counted = { $reports } that count; copies of these: { $repeated }, refused: { $refused }, other statements: { $others }

## A fleet as a page: what to do

step-double = { $count ->
    [one] Do not accept this node: a card of it was reported from another node before. Have both nodes measured again while you watch, and have the provider explain it:
   *[other] Do not accept these { $count } nodes: a card of each was reported from another node before. Have both nodes of each pair measured again while you watch, and have the provider explain it:
    }
step-other-card = { $count ->
    [one] Do not accept this node: a card of it is another than was agreed, or its sources disagree about what it is. Have it explained or exchanged:
   *[other] Do not accept these { $count } nodes: a card of each is another than was agreed, or its sources disagree about what it is. Have them explained or exchanged:
    }
step-replayed = { $count ->
    [one] Ask why a report is a copy of another node's, and have the node measured again; until then it does not count:
   *[other] Ask why { $count } reports are copies of other nodes', and have those nodes measured again; until then they do not count:
    }
step-other-salt = { $count ->
    [one] Have a node measured again with the salt of this contract; its cards are hidden otherwise than those of the others:
   *[other] Have { $count } nodes measured again with the salt of this contract; their cards are hidden otherwise than those of the others:
    }
step-changed = { $count ->
    [one] Keep as evidence a report that was changed after signing, or that its own samples contradict, and ask for an explanation:
   *[other] Keep as evidence { $count } reports that were changed after signing, or that their own samples contradict, and ask for an explanation:
    }
step-other-rules = { $count ->
    [one] Check a report again with the version and the overlays that judged it, before you accuse anybody: what follows from it here is not what it says:
   *[other] Check { $count } reports again with the versions and the overlays that judged them, before you accuse anybody: what follows from them here is not what they say:
    }
step-unknown-key = { $count ->
    [one] Ask for a report again, signed with an agreed key: nobody known to you signed it:
   *[other] Ask for { $count } reports again, signed with an agreed key: nobody known to you signed them:
    }
step-unsealed = { $count ->
    [one] A run left a recording and no report. If it does not go on still, sign what it holds with `assay seal DIR --contract FILE`, or measure that node again:
   *[other] { $count } runs left recordings and no reports. Those that do not go on still, sign with `assay seal DIR --contract FILE`, or measure these nodes again:
    }
step-unreadable = { $count ->
    [one] Ask for a file again that cannot be read:
   *[other] Ask for { $count } files again that cannot be read:
    }
step-other-contract = { $count ->
    [one] Have a recording judged by this contract; it was judged by another:
   *[other] Have { $count } recordings judged by this contract; they were judged by another:
    }
step-missing = { $count ->
    [one] Ask for 1 node that was promised by now and never reported, and for the day on which it comes.
   *[other] Ask for { $count } nodes that were promised by now and never reported, and for the day on which they come.
    }
due-credit-late = { $count ->
    [one] Claim { $amount } in credits for 1 node that came late or is lacking.
   *[other] Claim { $amount } in credits for { $count } nodes that came late or are lacking.
    }
due-credit = { $count ->
    [one] Claim { $amount } in credits for 1 node that does not meet the clause "{ $clause }":
   *[other] Claim { $amount } in credits for { $count } nodes that do not meet the clause "{ $clause }":
    }
due-price-cut = { $count ->
    [one] Pay { $amount } less each month for 1 node that falls short in the clause "{ $clause }":
   *[other] Pay { $amount } less each month for { $count } nodes that fall short in the clause "{ $clause }":
    }
due-credit-open = { $count ->
    [one] Have 1 node measured again that reported and is not decided: { $amount } in credits for lateness depend on it.
   *[other] Have { $count } nodes measured again that reported and are not decided: { $amount } in credits for lateness depend on them.
    }
due-credit-if-kept = { $count ->
    [one] If you keep what never passed, and else is late, claim { $amount } in credits for 1 node that does not meet the clause "{ $clause }":
   *[other] If you keep what never passed, and else is late, claim { $amount } in credits for { $count } nodes that do not meet the clause "{ $clause }":
    }
due-price-cut-if-kept = { $count ->
    [one] If you keep what never passed, pay { $amount } less each month for 1 node that falls short in the clause "{ $clause }":
   *[other] If you keep what never passed, pay { $amount } less each month for { $count } nodes that fall short in the clause "{ $clause }":
    }
claim-by = To be claimed by { $day } at the latest.
claim-by-past = It was to be claimed by { $day }: that day is over.
due-replace = { $count ->
    [one] Have 1 node replaced by { $day }; it does not meet the clause "{ $clause }":
   *[other] Have { $count } nodes replaced, the first by { $day }; they do not meet the clause "{ $clause }":
    }
due-replace-past = { $count ->
    [one] Press for 1 node that was to be replaced by { $day }; it does not meet the clause "{ $clause }":
   *[other] Press for { $count } nodes that were to be replaced, the first by { $day }; they do not meet the clause "{ $clause }":
    }
due-terminate-late = { $count ->
    [one] Decide whether to end the lease: the contract allows it since { $day }, because 1 node is lacking.
   *[other] Decide whether to end the lease: the contract allows it since { $day }, because { $count } nodes are lacking.
    }
due-terminate = { $count ->
    [one] Decide whether to end the lease: the contract allows it since { $day }, because 1 node does not meet the clause "{ $clause }":
   *[other] Decide whether to end the lease: the contract allows it since { $day }, because { $count } nodes do not meet the clause "{ $clause }":
    }
step-repair = { $count ->
    [one] Have 1 rejected node put right and measured again; the contract names no remedy for what it lacks:
   *[other] Have { $count } rejected nodes put right and measured again; the contract names no remedy for what they lack:
    }
step-again = { $count ->
    [one] Have 1 node measured again: what it reported decides nothing:
   *[other] Have { $count } nodes measured again: what they reported decides nothing:
    }
step-outliers = { $count ->
    [one] Ask the provider to look at a node with a card that meets its clauses and yet lags far behind its like:
   *[other] Ask the provider to look at { $count } nodes with cards that meet their clauses and yet lag far behind their like:
    }
step-failed-before = { $count ->
    [one] Measure 1 node again in some weeks: it failed before it passed:
   *[other] Measure { $count } nodes again in some weeks: they failed before they passed:
    }
step-accept = Accept the nodes, and keep the reports together with the contract and the keys. Anybody can count them again at any time.
step-next = { $count ->
    [one] Expect 1 more node by { $day }.
   *[other] Expect { $count } more nodes by { $day }.
    }
step-none = Nothing needs to be done now.

## A fleet as a page: the tables

more-rows = and { $count } more; `--format json` and `--format csv` have them all.
title-milestones = Dates
no-milestones = The contract names no dates, so nothing can be late.
note-milestones = Each date promises all nodes up to then, those of earlier dates included. In time: by the end of that day in UTC.
head-due = due
head-promised = promised
head-in-time = came in time
head-accepted-in-time = passed in time
head-lacking = lacking now
head-late = late by
milestone-met = met
milestone-met-late = met since, but late
milestone-to-come = yet to come
title-bad-nodes = { $count ->
    [0] Nodes that do not meet the contract
   *[other] Nodes that do not meet the contract ({ $count })
    }
no-bad-nodes = Every node that reported meets the contract.
title-good-nodes = { $count ->
    [one] The node that meets the contract
   *[other] The { $count } nodes that meet the contract
    }
failed-before = { $count ->
    [one] failed 1 time before it passed
   *[other] failed { $count } times before it passed
    }
head-node = node
head-state = state
head-card = card
whole-node = the node
all-cards = all { $count } cards
more-reasons = { $count ->
    [one] (and 1 more reason)
   *[other] (and { $count } more reasons)
    }
no-reason = no report of it decides anything
title-outliers = { $count ->
    [0] Cards far from the others
   *[other] Cards far from the others ({ $count })
    }
no-outliers = No card lags far behind the others of its kind.
note-outliers = Far from the other cards of the same name, whatever the clauses say. The chance that any card of a fleet without a bad one stands here is at most 1 %.
head-worst-in = worst in
head-has = has
head-others = the others
head-deviations = deviations
head-far-in = far in
title-refused = { $count ->
    [0] Refused reports
   *[other] Refused reports ({ $count })
    }
none-refused = No report was refused.
head-refused = refused
head-report = report
title-availability = Availability
no-availability = No report counts, so nothing is said of it.
availability = { $reports ->
    [one] { $whole } of 1 report found every device sound, which is { $low } to { $high } %, with 95 % confidence.
   *[other] { $whole } of { $reports } reports found every device sound, which is { $low } to { $high } %, with 95 % confidence.
    }
mtbf = { $failures ->
    [one] 1 failure in { $watched } device hours under load: at least { $hours } hours between failures, with 95 % confidence.
   *[other] { $failures } failures in { $watched } device hours under load: at least { $hours } hours between failures, with 95 % confidence.
    }
no-mtbf = No load was kept up, so nothing is said of the time between failures.
title-money = Costs and what is owed
no-price = The contract names no price, so nothing is said of money.
node-month = A node costs { $amount } a month.
no-node-month = The price says nothing of a single node, so no amount can be computed.
cost-per-hour = 1 { $unit } of { $metric } costs { $amount } an hour, as nodes that meet the contract deliver it.
nothing-due = No remedy of the contract makes anything due.
head-remedy = remedy
head-for = for
head-nodes = nodes
head-amount = amount
head-by-or-since = by or since
head-claim-by = claim by
claim-past = { $day }, which is over
if-kept = { $amount }, if kept
if-open = { $amount }, if measuring again does not pass
for-delivery = delivery
kind-credit = credit
kind-price-cut = lower price
kind-replace = replacement
kind-terminate = end of the lease
sum-credits = credits in all
sum-cuts = lower prices in all
title-method = How it was counted
method-reports = Every report was verified by the trusted keys and judged again by this contract, from its own samples. Copies count once. What does not hold counts for nothing and stands under refused reports.
method-nodes = Reports are of one node by the name that the run was told, else by the cards that were seen together before. A UUID or serial number in two nodes is held against the one in which it was seen later.
method-accepted = A node meets the contract where its last report that decides anything passes, every card of it has a UUID or a serial number, and the last report of all lost no device, had no wrong results and no contradiction about what a card is.
method-clocks = Counted as of { $as_of } UTC. Times are by the machines' own clocks, days by the calendar in UTC. A node has come with its first report that passed, whatever it fails in later. Nodes that came, the earliest first, fill the places that the dates promise. Each 24 hours that the contract excludes make a delay a day shorter.
method-outliers = Outliers: for each metric and model, the distance from the median in robust standard deviations, against what chance makes of it among so many normal figures, tested over all figures together (Holm), and at least 2 % off.
method-money = Money: a month is 730 hours. Of the clauses of one remedy the worst counts for each node. Credits are for each node and day up to their cap: for delays to the day on which it came, for a clause from the first report that failed in it to the next that met it, else to the day of counting. Prices fall by the share of the bound that the worst card of a node misses, by the whole cap where no figure tells it, and for one node by no more than its price. Each amount of a node is rounded to the cent, half a cent up, and sums are of rounded amounts. What is only due if a node that never passed is kept, or depends on measuring again, is in no sum. Credits are to be claimed from the day on which their days ended, the end of the lease from the day since which it is allowed, all else from the first report that failed. This is arithmetic by the contract's terms, not legal advice.
method-limits = Reports are made by the machines that they are about: they show what was measured, not that a host did not lie, nor how often it was measured before one was handed over, even under a challenge. `assay witness` is for that.
foot-fleet = This page is not signed and proves nothing by itself: it shows what the signed reports come to. Count them again with `assay fleet REPORTS --contract FILE --trust KEY.pub.pem`.
foot-fleet-made = Counted by assay { $version }

## A fleet on a terminal

fleet-contract = contract { $id }, sha256 { $sha256 }
fleet-as-of = as of { $as_of }, by { $sources }
count-reports = { $count ->
    [one] 1 report that counts
   *[other] { $count } reports that count
    }
count-other-text = { $count } judged by another text of the contract, whose terms are the same
count-copies = { $count ->
    [one] 1 copy of them
   *[other] { $count } copies of them
    }
count-refused = { $count ->
    [one] 1 refused report
   *[other] { $count } refused reports
    }
count-others = { $count ->
    [one] 1 other statement
   *[other] { $count } other statements
    }
not-named = not named
row-contracted = contracted
row-promised = promised
row-delivered = delivered
row-healthy = healthy
about-contracted = nodes in all dates
about-promised = by now
about-delivered = have reported
about-missing = promised by now, or listed, and never reported
about-healthy = no card lost, wrong, or another than it says
about-accepted = the last report that decides passes
about-rejected = it fails, or a card is another node's too
about-undecided = no report decides anything
head-accepted-node = node that meets the contract
head-but = but
far-cards = cards far from the others of their kind, whatever the clauses say:
more-lines-json = and { $count } more; --json has them all
more-lines = and { $count } more; --format json or csv has them all
sums = credits { $credits }, price cuts { $cuts } a month

## Clauses over the fleet, and what stands behind acceptances

reason-within-guard = it lies within { $guard } of the bound, which is the figure's uncertainty; run again, or measure longer
reason-decided-over-fleet = the figure counts; whether it is enough is decided over the fleet, by `assay fleet`
reason-names-a-challenge = it names the challenge { $challenge }; that challenge shows whether it is answered: `assay verify REPORT --challenge FILE`, or `assay fleet`
reason-answers-no-challenge = it answers no challenge, so nothing shows when it was measured; the tenant makes one by `assay challenge new`, then `assay run --challenge FILE`
reason-shown-by-a-proof = no report can show it, but a proof before a witness: `assay witness`; then `assay verify REPORT --proof PROOF`, or `assay fleet`
reason-not-proved = no proof of it held, or the last one did not
reason-proved-little = so much was proved at least, which is too little; let it be proved for longer, or over a faster link
reason-proved-at-level = it was proved at level { $is }, and { $demanded } is demanded
reason-other-catalogue = the contract is about the catalogue { $pinned }, and this program has { $has }; judge it by the version of then
head-over-fleet = clause over the fleet
head-met = meet it
head-failed = fail
head-not-met = not met
quorum-of = { $quorum } of { $cards ->
    [one] 1 card
   *[other] { $cards } cards
    }
verdict-waived = { $verdict }, waived
fleet-simulated = SIMULATED: { $count ->
    [one] 1 node
   *[other] { $count } nodes
    }, which delivered nothing: all figures are computed
fleet-challenged = { $challenged } of { $delivered ->
    [one] 1 node
   *[other] { $delivered } nodes
    } answered a challenge
fleet-proved = { $challenged }, { $proved } proved work to a witness
fact-freshness = freshness
fleet-evidence = of { $accepted ->
    [one] 1 accepted node
   *[other] { $accepted } accepted nodes
    }, { $challenged } answered a challenge, { $proved } proved work to a witness

## Certificates

certificate-contract = contract { $id }, sha256 { $sha256 }, as of { $as_of }
certificate-accepted = ACCEPTED: { $count ->
    [one] 1 node
   *[other] { $count } nodes
    }
certificate-accepted-of = ACCEPTED: { $accepted } of { $contracted ->
    [one] 1 node
   *[other] { $contracted } nodes
    }
certificate-lacking = not accepted of those promised by then: { $count }
certificate-refused = REFUSED: { $reason }
certificate-waived = waived: { $clause }, because: { $reason }
certificate-waived-on = waived: { $clause } on { $node }, because: { $reason }
certificate-sums = credits due { $credits }, price cuts { $cuts } a month
certificate-signed = { $role ->
    [tenant] tenant
   *[provider] provider
    } signed, key { $key }
certificate-not-signed = { $role ->
    [tenant] tenant
   *[provider] provider
    } NOT signed, key { $key }
certificate-file = certificate { $file }
certificate-salt = salt { $file }, for the parties' eyes: it tells which cards are meant
certificate-next = next: the { $role ->
    [tenant] tenant
   *[provider] provider
    } signs the same, if it agrees to these choices, by `{ $command }`
certificate-choice-nodes = --nodes NODES.txt (its { $nodes } names have the sha256 { $sha256 })
certificate-signatures-hold = the signatures hold, of the keys that the certificate itself names for the parties; give --contract and --reports to check what they stand under
certificate-contract-holds = the signatures hold, and this is the contract; give --reports too, to draw it up again
certificate-holds = the signatures hold, and the same certificate follows from contract and reports
certificate-differs = the signatures hold, but another certificate follows from contract and reports; do not rely on it
certificate-difference = { $what }: the certificate says { $stated }, the reports say { $recomputed }
head-nodes-failed = nodes that fail it
head-nodes-undecided = nodes undecided
head-nodes-met = nodes that meet it
head-waived = waived

## Verification on a terminal

word-pass = pass
word-inconclusive = inconclusive
word-fail = fail
count-readings = { $count } readings
section-signed = Signed: by this key, and unchanged since
section-recomputed = Recomputed here from the raw samples
section-proved = Proved to a witness
section-own-word = The machine's own word, which nothing here confirms
differs = DIFFERS: { $what }
differs-report-says = the report says
differs-you-demand = you demand
differs-samples-say = the samples say
differs-recording-says = the recording says
verification = verification: { $words }
verified-lacks-proof = The contract demands a proof that is not given, or does not show enough (--proof PROOF), so that this is inconclusive.
verified-lacks-challenge = The contract demands an answer to a challenge, and that challenge is not given (--challenge FILE), so that this is inconclusive.
verified-holds = the signature holds, and every figure and finding follows from the samples
verified-by-another-contract = the signature holds and the report follows from its samples, but it was judged by another contract than the one you gave; ask for a run by that one, or judge the recording by it with `assay replay events.jsonl --contract`, once `--events` has told that it is this run's
verified-unknown-signatures = { $count ->
    [one] One further signature is of no key that you trust; it says nothing.
   *[other] { $count } further signatures are of no key that you trust; they say nothing.
}
verified-by-another-text = the signature holds, and every figure and finding follows from the samples; the contract that you gave is another text with the same terms: nothing but blanks, comments or ends of lines differs
verified-not-by-this-version = the signature holds, but what this version, { $ours }, makes of the samples is not what the report says, and that was judged by version { $judge }: rules and catalogue change between versions, so check it with that one; where it differs there too, do not accept it
verified-recording = The recording holds the evidence of this report, to the last figure.
verified-other-recording = The recording does not hold the evidence of this report: it was changed or cut short, or is of another run. What counts is the signed report.
verified-untimely = Its times speak against it, so that this is inconclusive: { $doubt }
verified-by-other-overlays = the signature holds, but the report was judged with other overlays of the catalogue than those that you gave with --overlay; get those that it names, each by its SHA-256, from whoever judged it, and check it with just these: till then nobody can tell whether what differs is false
verified-not = the signature holds, but the report does not follow from its own samples; do not accept it
ledger-of = { $of }: { $what }
ledger-host = host: { $what }
ledger-signer = signer
ledger-statement = statement
ledger-party = who is
ledger-party-tenant = the tenant, by the key in the report's contract
ledger-party-provider = the provider, by the key in the report's contract
ledger-party-neither = neither tenant nor provider, by the keys in the report's contract
ledger-key = key
ledger-key-ephemeral = ephemeral
ledger-key-named = named
ledger-judged-by = judged by
ledger-judged-with = with the catalogue
ledger-other-contract = made for another contract
ledger-key-name = envelope's key name
ledger-wrong-hint = { $hint }, which is not the signer's; no signature covers this name
ledger-summaries = summaries
ledger-findings = findings
ledger-differences = differences
ledger-identity = identity
ledger-no-identity = none, the device was never opened
ledger-telemetry = telemetry
ledger-simulated-by = simulated by { $script }
ledger-reported-memory = reported memory
ledger-provenance = provenance
ledger-clocks = clocks
ledger-timed-there = every sample was timed on the measured machine
ledger-started = started
ledger-sealed = sealed
ledger-measured-by = measured by
ledger-adapter = { $name } at { $speed } Mbit/s
ledger-hypervisor = under a hypervisor
ledger-no-hypervisor = no hypervisor
ledger-machine = machine
ledger-processor = processor
ledger-threads = processor threads
ledger-host-memory = memory
ledger-numa = NUMA nodes
ledger-kernel = kernel
ledger-virtualisation = virtualisation
ledger-container = container
ledger-network = network
ledger-challenge = challenge
ledger-answers-challenge = sha256:{ $sha256 }; all data are drawn from it, so an honest report is no older
ledger-names-challenge = it says that it answers sha256:{ $sha256 }; give --challenge

## Fleets beside their list

listed = { $count } of { $nodes ->
    [one] 1 node
   *[other] { $nodes } nodes
    } in the list have no report that counts (sorted names: sha256 { $sha256 })
count-strangers = { $count ->
    [one] 1 report of a node that is not in the list
   *[other] { $count } reports of nodes that are not in the list
    }
head-never-reported = never reported
head-not-listed = not in the list
no-name = without a name
title-over-fleet = Clauses over the fleet
title-listed = The list of nodes
step-over-fleet = Demand what the fleet as a whole falls short of: clause “{ $clause }” is missed by { $count ->
    [one] 1 card
   *[other] { $count } cards
    }.
certificate-since = reports before { $since } are left out
certificate-of-another-day = counted { $days } days before now (after it, where that is negative): delays and credits are as of then
certificate-refused-reports = reports that count for nothing, and that `assay fleet` names: { $count }

## What a contract leaves open

contract-from-failed = note: { $file } did not pass, so that its bounds are no promise yet: { $against }
lint-well-formed = { $file }: contract "{ $id }" is well formed, { $clauses ->
    [one] 1 clause
   *[other] { $clauses } clauses
    }
lint-clause = clause "{ $id }": { $why }
lint-write = write: { $write }
lint-counts = { $errors ->
    [one] 1 error
   *[other] { $errors } errors
    }, { $warnings ->
    [one] 1 warning
   *[other] { $warnings } warnings
    }
weight-error = error
weight-warning = warning
lint-ambiguous-sku = "{ $name }" is { $count } different cards: { $cards }
lint-counted-sku = "{ $name }" says how many cards too: no card is called so, and each would be taken for another
lint-counted-sku-write = { $names }, and devices = { $count }
lint-unknown-sku = the catalogue does not know "{ $name }", so no bound can be checked against it, and a name is all that is compared
lint-unknown-sku-write = sku = "...", a name from `assay catalogue list`
lint-p-undefined = a "P" is 10^15 operations a second of no kind: one card has several times as many in one precision as in another, twice as many on paper where half of the operands are zero, and fewer in fact than on paper
lint-p-unused = the price is not for compute, so what a PFLOPS is decides nothing
lint-p-unused-write = per = "pflops_month", or no pflops
lint-p-sparse = sparse figures count operations on zeros: a dense product reaches at most half of them
lint-no-way = this program has no way to { $card }: nothing that a node shows decides anything
lint-no-way-write = a card with drivers for CUDA or Vulkan, or another way to measure what is owed
lint-unmeasured = this program has no means to measure { $what } on { $card }, so the clause stays undecided
lint-unmeasured-write = severity = "info", or no such clause
lint-too-few = { $what } takes { $needed } devices, and a node has { $devices }, so the clause stays undecided
lint-part-of-units = our kernels for { $metric } are not known to use all of { $card }: a card that falls short stays undecided
lint-part-of-units-write = nothing, if a card that reaches the bound is all that is to be told
lint-no-throttle-at-all = matrix products at full power reach the power limit on every healthy card, which then lowers its clocks as it is built to: no card can meet this
lint-no-throttle-at-all-write = never = "throttle.thermal", and a bound on sustain.<precision>.rate
lint-memory-unit = this is { $promised } (GB is 10^9 bytes, GiB is 2^30), more than any { $card } has: { $most }
lint-reachable = a bound that the card reaches
lint-unreachable = no { $card } was seen to reach { $bound }: healthy ones reach { $low } to { $high } ({ $conditions })
lint-datasheet = { $card } has { $figure } by its datasheet
lint-sparse-as-dense = { $bound } is the figure for matrices of which half is zero; dense, { $has }
lint-both-directions = { $bound } is the sum of both directions of the link; { $metric } is one direction, and of that { $has }
lint-above-datasheet = { $bound } is more than the card can do: { $has }
lint-far-too-lax = healthy cards of { $card } reach { $healthy }: with { $bound } a broken one passes, or one of another kind; is the prefix right?
lint-little-memory = this is { $promised }, and every { $card } has { $least }: is the prefix right?
lint-less-is-better = the less { $metric } is, the better, so that at_least refuses the good and lets the bad pass
lint-more-is-better = the more { $metric } is, the better, so that at_most refuses the good and lets the bad pass
lint-share-of-all = { $metric } is a share, and never more than 100 %: at most { $bound } is always met
lint-share-of-much = no healthy card loses so much: at most { $bound } of { $metric } lets a sick one pass
lint-hardly-watched = a load that is watched for { $bound } shows nothing of what heat does; is the unit right?
lint-unknown-word = { $metric } is never "{ $value }", but one of { $all }
lint-many-devices = { $devices } devices in one node: most nodes hold 8, hardly any more than { $usual }, none more than { $most }
lint-many-devices-write = devices = 8, and in nodes under [[delivery]] how many nodes
lint-one-key = both parties have the same key, so that one of them signs for both
lint-one-key-write = key_sha256 = "..." of a key that this party alone has, as `assay key show` prints it
lint-past-day = { $due } is over: today is { $today }
lint-past-day-write = a day to come, unless the lease is running already
lint-no-days = { $key } = 0 leaves nobody a day to do it
lint-in-decades = { $text } is more than { $years } years away: is it a slip?
lint-in-decades-write = the day, or the number of days, that was agreed
lint-of-twice = one remedy names "{ $id }" twice: it counts once
lint-of-twice-write = "{ $id }" once in of
lint-no-amount = the price is one sum for everything, of which no node has a share: credits and price cuts come to no amount
lint-no-lease = there is no price, no date and no remedy: this says what is tested, and is no lease
lint-no-lease-write = nothing, for a test; for a lease start from `assay contract new --sku ... --nodes ... --gpus-per-node ...`
lint-no-model = no model is named, so that any card would do
lint-no-model-write = [inventory] with sku = "H200 SXM"
lint-no-count = nothing says how many devices a node has
lint-no-count-write = [inventory] with devices = 8
lint-no-date = no number of nodes is owed by any date, so that nothing is ever late
lint-no-date-write = [[delivery]] with due = "2027-01-31" and nodes = 12
lint-no-price = no price is named, so that no remedy comes to any money
lint-no-price-write = [price] with amount = "2.40 USD" and per = "device_hour"
lint-no-card = a node without any card meets this lease: accept has { $kinds }, so that figures count that were computed, or made on the CPU
lint-no-compute = no amount of compute is owed: no must clause has at_least on a rate of operations
lint-no-bandwidth = no memory bandwidth is owed, which is what most cards of a lesser kind lack
lint-bound-write = metric = "{ $metric }" with at_least = "{ $low }" and statistic = "p50"
lint-no-memory = no amount of memory is owed
lint-no-memory-write = memory = "{ $size } GB" under [inventory]
lint-no-duration = nothing says for how long the compute must be kept up: a card that throttles after five minutes would pass
lint-no-duration-write = metric = "sustain.watched.time" with at_least = "24 h", and a bound on sustain.bf16.rate
lint-no-remedy = nothing follows where { $names } is not met
lint-no-remedy-write = [[remedy]] with of = [{ $names }], kind = "credit", per_day = "1 %" and cap = "30 %"
lint-no-key = no key of the { $who ->
    [tenant] tenant
    [provider] provider
   *[both] tenant and of the provider
    } is named, so that anybody could sign for them
lint-no-key-write = key_sha256 = "..." under { $tables }, as `assay key show` prints it

## Two reports of one machine

compare-signed = signatures: both hold, by keys that you trust
compare-not-checked = signatures: NOT CHECKED; name the keys that you trust with --trust
compare-covered = certificate: valid until { $until }, covers the report after
compare-not-covered = certificate: valid until { $until }, DOES NOT COVER the report after
compare-reversed = order: the report after BEGAN BEFORE the other; name the older one first
compare-width = means, with intervals that all hold at once in { $level } % of comparisons; a change of at most { $width } % is none
compare-between = pairs by their places in the report before; each was measured for a moment only, so that here a change of at most { $width } % is none, and pairs without such a change are only counted
compare-only = only of { $names }; all else in the reports is left out
compare-open = on a device, nothing of it was compared: { $names }
compare-pair = { $devices }, one device by its { $by }
compare-ended = { $device }, after: { $how }
compare-only-before = { $device }: only in the report before
compare-only-after = { $device }: only in the report after
compare-word-of-cards = What cards say of themselves comes from their hosts, which can make it say anything: a claim, no proof.
card-same = same card by what it says of itself
card-another = another card by what it says of itself
card-contradiction = contradiction
card-doubtful = to be looked at
card-unknown = cannot be said whether it is the same card
ground-equal = equal { $signs }
ground-differs = { $sign } differs: { $before } before, { $after } after
ground-updated = VBIOS differs, as after an update: { $before } before, { $after } after
ground-not-fallen = no lifetime counter fell ({ $counters })
ground-fell = the lifetime counter of { $counter } fell from { $before } to { $after }, which no card does
ground-fell-or-cleared = the lifetime counter of { $counter } fell from { $before } to { $after }: another card, or somebody cleared it
ground-hidden-otherwise = names are not hidden behind the same salt in both reports, so they cannot be compared
ground-nameless = no name of a card stands in both reports
ground-software = a driver that runs on the CPU has no card
ground-part = a part of a divided card (MIG) was measured, whose names are not the card's
ground-under-anothers-name = one card may answer under another's name
ground-under-two-names = one card may go by two names
maps-agree = the latency maps agree ({ $likeness })
maps-differ = the latency maps differ ({ $likeness })
maps-open = whether the latency maps agree cannot be told ({ $likeness })
maps-silent = the latency map { $when } tells no unit from another
maps-incomparable = the latency maps cannot be compared: { $why }
maps-likeness = r = { $r }, { $low } .. { $high }, { $units } { $units ->
    [one] unit
   *[other] units
    }
compare-maps = Latency maps of one die are taken to correlate at { $line } or more, with intervals of { $level } %. That is not calibrated on hardware yet: a map that differs never decides alone, one that agrees only supports.
sign-uuid = UUID
sign-serial = serial number
sign-board-part = part number of the board
sign-subsystem = PCI subsystem id
sign-units = number of units
sign-vbios = VBIOS
lifetime-remapped-corrected = rows remapped after corrected errors
lifetime-remapped-uncorrected = rows remapped after uncorrected errors
lifetime-retired-pages = retired pages
lifetime-ecc-corrected = corrected memory errors
lifetime-ecc-uncorrected = uncorrected memory errors
compare-overall = comparison: { $word } ({ $counts })
compare-pass = same or improved
compare-count = { $count } { $change }
compare-nothing = no metric in both
head-before = before
head-after-it = after
head-after-to-before = after / before
change-improved = improved
change-same = same
change-not-comparable = not comparable
change-undecided = undecided
change-no-longer-measured = no longer measured
change-degraded = degraded
because-worse = the whole interval is worse by more than the width
because-better = the whole interval is better by more than the width
because-not-worse = it is not worse by more than the width
because-too-wide = the interval is too wide to tell; measure longer, with --duration
because-too-few-samples = { $samples } samples { $when } are too few, { $needed } are needed
because-nothing-above-zero = the samples give no figure above zero
because-fewer = there are fewer
because-as-many = there are as many
because-more = there are more
because-wrong-results = there are wrong results
because-nothing-before = there was nothing before
because-share-not-more = it is not more by more than the width
because-share-more = it is more by more than the width
because-no-share = there is no figure
because-not-measured-before = it was not measured before
because-not-measured-after = it was not measured after
because-absent-after = it was not measured after: { $why }
because-not-completed-after = it was not measured after: that run did not complete
because-no-figure = it is no figure
because-lower-bound-only = it is a lower bound only
because-timed-and-counted = one was timed and one was counted
because-tells-units-apart = it tells units apart; see whether it is the same card
because-too-few-units = { $units } units are in both, { $needed } are needed
because-unsound = { $why } { $when }
because-wrong-result = the device computed a wrong result
because-canary-missed = the check missed a planted error
because-nothing-compared = nothing of the result was compared exactly
because-beyond-all = no such device can reach this
because-clocks-disagree = the clocks of device and host disagreed
because-samples-without-figure = the samples gave no finite figure
because-another-time = the load was kept up for another time
because-other-provenance = the device was { $before } before and is { $after } after
provenance-unknown = unknown
because-other-kernels = the kernels differ, see their digests
because-other-sizes = the sizes differ: { $before } before, { $after } after
because-other-data = the data differ in distribution

## Devices of this machine

head-selector = selector
head-pci-id = pci id
head-features = features
list-software = software (CPU)
list-caveat = { $selector }: { $caveat }
list-no-devices = { $backend }: no devices: { $why }
nvml-found = { $version } of driver { $driver }, cards listed: { $cards }
nvml-found-at = { $version } of driver { $driver }, cards listed: { $cards }, { $path }
nvml-missing = no telemetry of NVIDIA cards: { $why }
library-found = { $version }, { $path }
cublaslt-missing = not needed, no products to compare ours with: { $why }
nccl-missing = not needed, no figures of what several GPUs do together: { $why }
doctor-hardware = hardware devices
doctor-software = software devices
doctor-missing = { $backend }: { $why }
doctor-no-backend = This build has no GPU backend: it verifies, judges, replays and simulates.
doctor-not-in-vulkan = An NVIDIA kernel driver is loaded, but Vulkan does not list the card.
doctor-ready = Ready: `assay run --contract FILE` measures the hardware devices.
doctor-ready-to-try = Ready to try out: `assay run` measures the CPU's software device; only a contract that accepts "software" can pass on it.
doctor-not-ready = Nothing can be measured yet. `assay run --device sim:h200 ...` shows a run on a simulated card, marked as such.
fix-capabilities = in a container: run it with { $flag }
fix-vulkan-part = install the Vulkan part of the NVIDIA driver; in a container run it with { $flag }
fix-nvml-ubuntu = on Ubuntu libnvidia-compute-<version of the driver>; in a container: run it with { $flag }
fix-nvml-library = install the NVML library of the NVIDIA driver; in a container run it with { $flag }
fix-nothing-without-nvidia = nothing to do without an NVIDIA GPU; with one, install NVIDIA's driver
fix-cuda-part = install the CUDA part of the NVIDIA driver; in a container: run it with { $flag }
fix-mesa = AMD, Intel, and a software device on the CPU
fix-vulkan-loader = install a Vulkan loader and your card's Vulkan driver

## What each metric is

head-unit = unit
head-what-it-is = what it is
unit-text = text
about-device-name = device name as the driver gives it
about-vendor-id = PCI vendor id, four hex digits
about-device-id = PCI device id, four hex digits
about-pci-address = PCI address, dddd:bb:dd.f
about-device-uuid = device UUID, 32 hex digits
about-device-driver = driver name and version
about-device-units = multiprocessors or compute units as reported
about-device-memory = device memory as reported, in bytes
about-nvml-library = path of the NVML library that was loaded
about-nvml-library-sha256 = SHA-256 of that file
about-nvml-version = version of the NVML library
about-nvml-driver-version = version of the NVIDIA kernel driver
about-nvml-cards = how many cards NVML lists
about-nvml-name = card name
about-nvml-uuid = card UUID
about-nvml-serial = serial number of the board
about-nvml-board-part-number = part number of the board
about-nvml-vbios = version of the VBIOS
about-nvml-pci-id = PCI vendor and device id, vvvv:dddd
about-nvml-pci-subsystem-id = PCI subsystem vendor and device id, vvvv:dddd
about-nvml-architecture = architecture of the chip
about-nvml-cores = CUDA cores
about-nvml-memory-bytes = device memory in all
about-nvml-memory-used-bytes = device memory in use when the run began, this program's share included
about-nvml-processes-others = other processes that had the card open when the run began
about-nvml-bar1-bytes = window through which the host reaches device memory
about-nvml-pcie-generation-max = highest PCIe generation of card and slot
about-nvml-pcie-width-max = most PCIe lanes of card and slot
about-nvml-power-limit-mw = power limit that was set when the run began
about-nvml-power-limit-default-mw = power limit that the card comes with
about-nvml-power-limit-min-mw = lowest power limit that can be set
about-nvml-power-limit-max-mw = highest power limit that can be set
about-nvml-clock-max-mhz = highest clock of the multiprocessors
about-nvml-memory-clock-max-mhz = highest clock of the memory
about-nvml-ecc = whether memory is protected by ECC
about-nvml-ecc-pending = the same after the next reboot
about-nvml-ecc-default = the same as the card comes
about-nvml-confidential-computing = whether confidential computing is on
about-nvml-confidential-devtools = whether developers may look into what is confidential
about-nvml-mig = whether the card is partitioned (MIG)
about-nvml-mig-pending = the same after the next reset
about-nvml-compute-mode = who may use the card at the same time
about-nvml-persistence = whether the driver stays loaded without users
about-nvml-virtualisation = whether the card is a whole one, passed through, or a vGPU
about-nvml-nvlinks = NVLink links that the card has
about-nvml-nvlinks-active = how many of them are active
about-nvml-fabric = whether the card has joined its NVLink fabric
about-pci-id = PCI vendor and device id by the kernel, vvvv:dddd
about-pci-subsystem-id = PCI subsystem vendor and device id by the kernel, vvvv:dddd
about-pci-class = PCI class by the kernel, six hex digits
about-pci-driver = kernel driver that has the card
about-pci-numa-node = NUMA node that the card is attached to
about-pci-slot = slot of the chassis by the kernel
about-pci-generation-max = highest PCIe generation by the kernel
about-pci-width-max = most PCIe lanes by the kernel
about-pci-cards = how many display and compute cards of this vendor the kernel lists
about-amdgpu-serial = serial number of the board by amdgpu
about-amdgpu-part-number = part number of the board by amdgpu
about-amdgpu-vbios = version of the card's firmware by amdgpu
about-amdgpu-compute-partition = how the card's units are divided into devices by amdgpu: SPX is one for all
about-amdgpu-memory-partition = how the card's memory is divided by amdgpu: NPS1 is one for all
about-fma = multiply-add ceiling of the vector units in { $case }
about-mma = multiply-add ceiling of the tensor units in { $case }
about-gemm = dense matrix product in { $case }, by our kernels
about-vendor = the same by the vendor's library (cuBLASLt), where the machine has it, in { $case }
about-stream = device memory bandwidth, STREAM { $case }
about-driver-copy = the driver's own buffer copy, read plus written bytes
about-l2 = reads of a working set that the L2 cache holds
about-filled = device memory that held its own distinct data, all at once
about-memory-errors = words that read back wrong, over both passes
about-memory-write = pattern pass over that memory: write
about-memory-verify = pattern pass over that memory: verify
about-h2d = host memory to device memory
about-d2h = device memory to host memory
about-link-both = both at the same time, the bytes of both directions
about-h2d-pageable = host to device from memory that is not pinned
about-d2h-pageable = device to host into memory that is not pinned
about-h2d-kernel = host to device by a kernel that reads host memory
about-d2h-kernel = device to host by a kernel that writes host memory
about-link-latency = one of many 4 KiB transfers in a row, { $case }
about-units = different units that work ran on
about-stolen = time that all units lost at once while nothing of ours stopped them
about-slice = each time slice that all units lost at once, of 200 us and more; 0 where there was none
about-disturbed = time that short pieces of equal work took longer than the quickest tenth of them, where by more than a quarter
about-disturbed-memory = the same of copies within device memory, of equal size
about-l2-cycles = one dependent load that the L2 cache answers, unit by unit, in cycles of the unit
about-peer = device to device, the slowest pair; `peer.0-1.rate` is from the first device of the run to the second
about-collective = all devices at once by their vendor's library (NCCL), where the machine has it: bus bandwidth of { $case }, as nccl-tests counts it
about-chase = dependent load over a working set of { $case }
about-chase-largest = dependent load over the largest working set that was measured
about-sustained = dense matrix product in { $case } under load kept up, window by window
about-drift = how much slower products are in the last window than in the first minute
about-variation = standard deviation of the windows' rates, of their mean
about-product-time = { $case } of the time of one product
about-wrong-results = wrong results under load: products, chains, memory, link
about-mtbe = mean time between wrong results that is reached at least, with 95 % confidence
about-watched = how long the load was kept up and watched
about-throttled = looks at the sensors that told of { $case }; none where they said nothing of it for more than 5 % of the time
about-first-throttle = until clocks were first reduced for heat or by an external brake, or the sensors fell silent
about-energy = energy of one operation of the products: power while they run, times their time
about-counter = how far the driver's count of { $case } rose during the run
about-remap-pending = whether rows of memory wait for a reset to be replaced, 1 or 0; of cards that retire pages, how many wait
about-remap-failure = whether rows of memory could not be replaced, ever, 1 or 0
about-spread = from the coolest device to the hottest, each at its hottest
about-lag = how far the slowest device lies below the median of the others, in whatever rate but the host link's; `node.gemm_bf16.lag` is that of `gemm.bf16.rate`

## The catalogue of cards

catalogue-list = { $cards } cards; rates are dense datasheet peaks in TFLOP/s, FP16 or BF16 with FP32 sums.
catalogue-list-more = `assay catalogue show NAME` says where each figure comes from.
catalogue-version = version { $version }, sha256 { $sha256 }
head-bandwidth = bandwidth
head-power = power
head-fact = fact
head-value = value
head-confidence = confidence
head-sources = sources
catalogue-rates = Rates are dense peaks; FP16 and BF16 with FP32 sums; links count both directions.
catalogue-note = Note: { $note }
title-sources = Sources
source-from-memory = ; quoted from memory
source-perhaps-read = ; not known whether it was read
head-id = id
head-what = what
no-bands = What healthy cards of this kind reach is not known here yet.
title-bands = What healthy cards reach
head-typical = typical
head-low-high = low .. high
head-basis = basis
head-note = note
about-band-own = own: signed reports of assay, 5th to 95th percentile of their samples
about-band-published = published: measured by another tool under conditions of its own
about-band-inferred = inferred: the share of the datasheet that cards of the same architecture reach
band-own = own
band-confidence = { $confidence } confidence
one-figure = one figure
catalogue-built-in = built-in catalogue { $version }
catalogue-overlay = overlay "{ $title }" "{ $version }"
catalogue-counts = { $what }: { $cards ->
    [one] 1 card
   *[other] { $cards } cards
    }, { $facts ->
    [one] 1 fact
   *[other] { $facts } facts
    }, { $sources ->
    [one] 1 source
   *[other] { $sources } sources
    }, { $bands ->
    [one] 1 band
   *[other] { $bands } bands
    }
catalogue-signed = signed by { $signer }, which you trust
catalogue-wrong = WRONG  { $at }: { $why }
catalogue-sound = every fact has a source, and all figures fit one another
catalogue-mistakes = { $count ->
    [one] 1 mistake
   *[other] { $count } mistakes
    }
column-maker = maker
column-architecture = architecture
column-compute-capability = compute capability
column-boost-clock = boost clock
column-fp64-tensor = FP64, tensor units
column-bandwidth = memory bandwidth
column-l2 = L2 cache
column-power-limit = power limit
column-pcie-generation = PCIe generation
column-pcie-lanes = PCIe lanes
column-links = links to other cards
column-fp16-per-cycle = FP16 per unit and cycle
column-fp16-clock = clock of the FP16 peak
confidence-low = low
confidence-medium = medium
confidence-high = high
source-datasheet = datasheet
source-white-paper = white paper
source-vendor-file = vendor file
source-database = database
source-paper = paper
source-press = press
source-measurement = measurement
source-result = result

## What is wrong with a catalogue

at-exception = exception { $rule } of { $card }
at-card = card { $name }
at-band = band { $metric } of { $card }
at-provenance = provenance of { $card }, { $columns }
at-source = source { $id }
wrong-needless = nothing needs it; take it out, or write the card and the rule as they are called
wrong-no-maker = is empty; say who makes it
wrong-not-one-card = does not mean one card alone; give each card a name with a word of its own
wrong-not-between = { $cell } is not between { $low } and { $high } { $unit }; is it in the unit of its column?
wrong-sizes = { $cell } is not one or several sizes in GB, such as 80 or 16|32
wrong-lanes = a link has 1, 2, 4, 8 or 16 lanes
wrong-pci-id = { $cell } is not a PCI id such as 10de:2335 or 10de:2335 (note)
wrong-shared-id = { $card } has the same id { $id }; if so, write an exception
wrong-no-such-source = there is no source { $id }; list it
wrong-ratio = { $of } to { $to } is { $ratio }, not between { $low } and { $high }; is one of them sparse, or of another unit?
wrong-peak-sparse = it is { $share } of units x operations per cycle x clock; is it the sparse figure?
wrong-peak = it is { $share } of units x operations per cycle x clock; correct it, or write an exception
wrong-band-twice = it is there twice; keep the one that rests on more
wrong-band-order = it does not rise from low over typical to high, all above 0
wrong-above-datasheet = { $figure } is above the datasheet's { $most }
wrong-below-all = { $figure } is below what any device can do, { $least }
wrong-no-source = it names no source
wrong-unread = confidence is high, but none of its sources was read; say medium or low
wrong-own-sources = it is called own; its sources must be signed reports, of kind result
wrong-own-devices = it is called own; say how many devices it rests on
wrong-published = it is called published, but one of its sources is a result of our own
wrong-inferred = it is inferred; its confidence is low, and one of its sources of kind inferred
wrong-needless-line = no cell rests on it; take it out
wrong-no-provenance = nothing says where it comes from; name a source in the provenance
wrong-two-lines = two lines of provenance speak of it; take one out
wrong-no-such-card = there is no such card; write its name as in the table of cards
wrong-no-such-column = there is no column { $name }
wrong-empty-column = { $name } is empty
wrong-source-id = an id is made of small letters, digits, points and hyphens
wrong-no-title = it has no title
wrong-source-twice = it is listed twice
wrong-needless-source = no figure rests on it; take it out
wrong-empty = is empty
wrong-no-card = there is none and no band; begin each with [[card]] or [[band]]

## Inventory certificates

inventory-of = inventory of { $node }, measured { $measured }, valid until { $until }
inventory-of-node = inventory of a node without a name, measured { $measured }, valid until { $until }
inventory-lapsed = It says nothing of today.
inventory-simulated = SIMULATED: { $count ->
    [one] 1 card does
   *[other] { $count } cards do
    } not exist, whatever is said of them
inventory-unfinished = The run did not come to its end.
inventory-file = certificate { $file }
inventory-signature-holds = the signature holds; the report that it follows from does not lie beside it
inventory-holds = all of it follows from the report beside it
inventory-figures-hold = all figures follow from the report beside it, and what is said of them from the bands that it names; they were compared with another catalogue, not with yours
inventory-overlay = beside what is built in, it was compared with "{ $title }" { $version }, sha256 { $sha256 }: what healthy cards reach is then the word of whoever signed that
inventory-by-own = { $card } by the catalogue of this program: { $verdict }
inventory-differs = IT IS NOT WHAT FOLLOWS FROM THE REPORT BESIDE IT
class-by-name = { $card }, as it is called
class-by-figures = by its figures like { $card }, and not as it is called
class-none = like no card of the catalogue
quality-good = in order
quality-uncompared = not compared: it is not known what healthy cards reach, or it misses what others say they do
quality-partial = not all that counts was measured: all of its memory must be filled and read, and products or chains must run
quality-slice = a part of a card, which counts as none
class-slice = slice { $profile } of { $of }
slice-unknown = unknown
memory-filled = memory: { $filled } of the { $told } that its driver names was filled and read
memory-untold = memory: { $filled } was filled and read; its driver does not say how much it has, so that nobody knows whether that is all
memory-other = it is called { $card }, which has { $has }
memory-rest = the rest was not looked at, so that missing memory or a bad bit in it would not show: measure with --profile standard, and with no other program on the card
quality-doubtful = in doubt: nothing tells it from other cards, its sources contradict one another, or its run broke off
quality-unclassed = not classed
quality-slow = slower than healthy cards
quality-faulty = FAULTY
head-reaches = reaches
head-healthy = healthy cards
head-standing = standing
head-no-figure = no figure of
healthy-range = { $low } .. { $high } ({ $basis })
standing-healthy = as healthy
standing-below = BELOW
standing-faulty = FAULTY
basis-own = measured by assay
basis-published = published
basis-inferred = inferred
basis-says = { $basis }, says "{ $title }"
left-out = left out: { $card } of { $source }: { $why }
left-out-other-name = it is called otherwise than it looks
left-out-far-off = { $metric } is { $typical }, worse by more than healthy cards differ than { $middle }, the middle of its kind
offer-of = { $count ->
    [one] 1 inventory certificate
   *[other] { $count } inventory certificates
    }, as of { $as_of }
offer-replaced = { $count ->
    [one] 1 older one of the same nodes does
   *[other] { $count } older ones of the same nodes do
    } not count
offer-word = Measured from { $from } to { $until } by the machines' own clocks; trust level { $levels }. Figures are as signed: `assay verify CERTIFICATE --trust PUB.pem` tells whether they follow from the report beside it.
offer-class = { $count } x { $class } ({ $kind })
offer-by-figures = of which { $count } by their figures, not by their names
offer-uncompared = of which { $count } not compared: it is not known what healthy cards reach
offer-by-overlay = of which { $count } by bands that are not built in: { $titles }
offer-nothing = Nothing can be offered.
offer-double = the same card is in { $node } by a newer certificate, which counts
offer-other-salt = cards whose names are hidden behind another salt than those of most, or not hidden: nobody can tell whether they are counted already; certify all with the same --salt
head-cards = cards
head-least = least
head-together = together
head-lapsed = not valid then
head-measured = measured
head-valid-until = valid until
head-not-offered = not offered: node

## A run while it lasts

live-left-of-run = , about { $time } left
live-left = { $time } left
live-troubled = { $count ->
    [one] { $count } card in trouble
   *[other] { $count } cards in trouble
}
live-no-errors = no errors
live-wrong-results = { $count ->
    [one] 1 WRONG RESULT
   *[other] { $count } WRONG RESULTS
    }
live-wrong = { $count } WRONG
live-ecc-errors = { $count } ECC errors
live-no-sensors = no sensors
live-throttled = throttled: { $reasons }
live-heat = heat
live-opening = opening
live-through-before = through before
live-done = done
live-ended-early = ended early
live-count = { $count } { $what }
progress-device = device { $number }
progress-measured-in = measured in { $seconds } s
progress-opened = opened { $name } ({ $driver })
progress-not-measured = { $metric }: not measured, { $why }
progress-load = { $metric }: keeping up the load for { $time }
progress-results-wrong = { $wrong } of { $checked } results wrong
progress-wrong = { $metric }: wrong result, { $why }
progress-fault = WRONG RESULT of { $of }, found { $after } after the start
progress-fault-at = WRONG RESULT of { $of } at word { $word }, found { $after } after the start
render-not-sound = note: what this shows is what the report says, and that is not what follows from its own samples; `assay verify` tells where they differ
replay-other-contract = note: the run was made for another contract, of sha256 { $made_for }; this judges it by that of sha256 { $ours }
seal-by-none = note: the run was made for a contract of sha256 { $made_for }, and this judges it by none; to have it judged, put its events.jsonl alone into a new directory, and `assay seal DIR --contract FILE --key KEY.pem`
replay-unsigned = note: a recording is not signed, anybody may have written it; what counts is the report that `assay run` or `assay seal` signed
recording-behind = WARNING: { $why }. The run goes on; what happens meanwhile is kept and written there as soon as that is possible
recording-caught-up = { $file } is written again, and nothing is missing in it
result-behind = WARNING: { $why }. It is tried again for { $minutes } minutes; Ctrl-C gives up
progress-more-wrong = more wrong results, which are only counted

## Proofs, and what is made for them

name-demands = demands
name-good-until = good until
name-signed-proof = signed proof
name-private-key = private key
name-fingerprint = fingerprint
name-request = request
name-next = next
name-statement = signed statement
challenge-demands = { $gpus ->
    [one] 1 GPU, { $seconds } s of work
   *[other] { $gpus } GPUs, { $seconds } s of work
    }
challenge-demands-memory = { $demands }, { $memory } of memory held on each
challenge-until = { $time }, for one proof
key-keep-secret = { $file }   keep it secret; it signs reports
key-give-away = { $file }   give it to whoever verifies them
name-overlay = overlay
head-bands = bands
name-salt = salt
key-share-salt = { $file }   share it with those who may know the cards
stamp-request = { $request }, for a stamp on the { $bytes } bytes of { $file }
proof-challenge-of-node = sha256:{ $sha256 } for node { $node }
proof-clock = clock
proof-clock-of-witness = the witness's, which also drew the questions
proof-clock-of-prover = the prover's own, and it could ask itself until the questions suited it
proof-begun = begun
proof-head-device = device, by its own word
proof-head-product = product
proof-head-rounds = rounds
proof-head-time = time
proof-head-gap = longest gap
proof-head-least = at least
proof-head-memory = memory held
proof-head-sweeps = sweeps
proof-head-read = read at least
proof-head-attested = attested by its vendor
proof-attested = { $name }; driver { $driver }, firmware { $vbios }
proof-attested-unknown = not said
proof-not-attested = no: { $why }
proof-nothing-said-of-attestation = no: the prover says nothing of it
proof-held = held
proof-refuted = REFUTED: { $why }
proof-unfinished = not finished: { $why }
proof-outcome = proof: { $words }
proof-verified = the signatures hold, and the transcript gives these figures
proof-verified-held = the signatures hold, and the transcript gives these figures; every shown row was checked again
proof-level-1 = L1, and no more because { $reasons }
proof-level-2 = L2, challenged and timed by the witness
proof-did-not-hold = the proof did not hold
proof-own-clock = nobody but the prover kept the clock and asked
proof-perhaps-one-host = whether prover and witness are one host is not known
proof-one-host = prover and witness are one host
proof-by-software = a device is software that runs on the CPU
proof-and = { ", and " }
proof-meaning = At least so many multiplications and additions of whole numbers per second were done, on matrices that nobody could know before. { $rows } rows of each GPU's results were asked for after all results were committed, and all of them hold: had more than { $share } of the rows been wrong, this would have shown with a probability of 99 % or more; the figures are less by that share. Which unit did the work, in which precision, and whether it was this card, they do not say.
proof-meaning-own = { $rows } rows of each GPU's results were shown, and all of them hold. How long the work took, and that these rows were drawn by chance after it was done, is the prover's own word: nobody else kept a clock or asked. Have it witnessed (`assay witness`) from another machine to know more.
proof-meaning-reach = { " " }The first result of each GPU was committed within { $time } of the start, which was drawn then: whoever is farther than { $km } km away, as light goes, has not computed it.
proof-meaning-memory = { " " }The memory was filled in { $time } with what is slow to make, and each sweep hashed all of it, under keys that nobody could know before; { $cells } cells of each GPU were made again here, and all were hashed. It lay wherever it can be read so fast; host memory is read over its link.
proof-meaning-attested = { " " }An attested card signed this challenge after all results were committed, with a key that its vendor vouches for, and so were its driver and firmware measured; that this card did the work is not shown by that. Whether a certificate was revoked since (OCSP), and whether the vendor released that driver and firmware (RIM), takes the vendor's servers and was not checked.
reading = { $count ->
    [one] 1 file read
   *[other] { $count } files read
}
proof-waiting = waiting for the prover
proof-computing = { $now } of { $all } s, rounds of each GPU: { $rounds }
proof-asking = asking about { $rounds } rounds
kicker-proof = assay proof of work and memory
title-meaning = What this means
title-unproved = What this does not prove
unproved-card = Which card did it. Something did that work in that time: this card, a faster one elsewhere that answers for it, or one card for two.
unproved-unit = In which precision. Multiplications and additions of whole numbers are counted, in whatever unit they were done.
unproved-after = What comes after, and that nobody else used the machine at another time.
tile-proved = at least, all together
foot-proof = This page is not signed and proves nothing by itself: it shows what the signed proof beside it says. Check that, with its challenge and its transcript, with `assay verify proof.dsse.json --trust KEY.pub.pem`.
foot-proof-made = Proved with assay { $version }

## How many nodes to test

plan-test-all = { $lot ->
    [one] To decide about 1 node, test all of them.
   *[other] To decide about { $lot } nodes, test all of them.
    }
plan-test-some = { $lot ->
    [one] To decide about 1 node, test { $tested } of them, drawn by chance after they were named.
   *[other] To decide about { $lot } nodes, test { $tested } of them, drawn by chance after they were named.
    }
plan-accept = { $bad ->
    [0] accept the lot if none of the tested nodes is bad
    [one] accept the lot if at most 1 of the tested nodes is bad
   *[other] accept the lot if at most { $bad } of the tested nodes are bad
    }
plan-reject = reject it if { $bad } or more are
plan-promise = What that promises, where the test finds every bad node that it is run on:
plan-good-lot = { $bad ->
    [one] a good lot, with at most 1 node bad ({ $share }), is rejected with a chance of at most { $most }, here { $here }
   *[other] a good lot, with at most { $bad } nodes bad ({ $share }), is rejected with a chance of at most { $most }, here { $here }
    }
plan-bad-lot = { $bad ->
    [one] a bad lot, with at least 1 node bad ({ $share }), is accepted with a chance of at most { $most }, here { $here }
   *[other] a bad lot, with at least { $bad } nodes bad ({ $share }), is accepted with a chance of at most { $most }, here { $here }
    }
plan-between = in between, either may happen
plan-no-promise = No sample promises that the nodes which were not tested are good.
plan-no-course = Testing one node at a time is not worked out for more than { $most } tests.
plan-one-by-one = Or test the drawn nodes one at a time, and stop as soon as the number of bad ones says so.
plan-same-promise = The promise is the same (here { $producer } and { $consumer }), and the tests are never more:
plan-head-after = after test
plan-head-accept = accept with
plan-head-reject = reject with
plan-some-rules = These are 1 of every { $every } of { $all } rules; --json says all.
plan-range = { $from } to { $to }
plan-most-bad = { $most ->
    [0] none bad
   *[other] at most { $most } bad
    }
plan-least-bad = { $least } bad or more
plan-how-often = How often a lot is accepted, by how many of its nodes are bad:
plan-head-bad = bad nodes
plan-head-of-lot = of the lot
plan-head-sample = one sample
plan-head-course = one at a time
plan-head-tests = tests on average
plan-drawn = The nodes to test, in this order, drawn from { $file } by the seed { $seed }:
plan-names = names of the lot, sorted: sha256 { $sha256 }
plan-fair = The draw is fair if the provider gave these names before anybody knew the seed.
plan-repeat = Anybody can repeat it: sort by `printf %s NAME | openssl dgst -sha256 -hmac SEED`.

## Files that measure many nodes

launch-refused = { $count ->
    [one] warning: a report there does not count as finished: { $source } ({ $what }: { $why })
   *[other] warning: { $count } reports there do not count as finished; the first is { $source } ({ $what }: { $why })
}
launch-nothing = each of the { $count } nodes has a finished report; there is nothing to launch
launch-written = { $nodes } nodes in { $out }; next: { $next }
launch-written-of = { $nodes } of { $all } nodes in { $out }; next: { $next }

## Simulated cards

head-example = for example
list-profiles = Write sim:CARD for a card that is honest, and behind it what is to be wrong with it, as in sim:h200,flip=41GB:17.
fault-seed = seed of noise and of the card's UUID
fault-index = which of several equal cards: another UUID and PCI address
fault-mem = device memory, as reported and as present
fault-buffer = largest single buffer
fault-name = name that the card gives itself
fault-uuid = UUID that the card gives itself
fault-units = fewer (or more) multiprocessors than the profile has; compute follows
fault-flip = this bit of the 32-bit word at this byte address reads inverted, whatever was written
fault-stuck = this bit always reads 1 (or, with =0, always 0)
fault-alias = memory that is really present; addresses beyond wrap around
fault-oom = allocations beyond this sum fail
fault-gemm-wrong = this element (modulo their number) of every matrix product is off by its lowest bit
fault-fma-wrong = this lane (modulo their number) of every multiply-add run is off by its lowest bit
fault-upset = one element in so many of all products is off by its lowest bit, by chance
fault-upset-when = upsets come only from this temperature on (hot:65), or only after a pause (idle)
fault-mma-wrong = this result (modulo their number) of every run on tensor units is off by its lowest bit
fault-collective-wrong = this element (modulo their number) of what every collective leaves on this card is off by its lowest bit
fault-unit-wrong = this unit computes wrong: the first element of its share of every matrix product, and the first lane of its share of every multiply-add run, are off by their lowest bit
fault-lazy = accepts work, takes its time, does nothing, claims to have counted all of it
fault-uncounted = kernels count half of the work they were asked for
fault-membw = memory bandwidth as a multiple of the profile's
fault-flops = compute rates and the clock that telemetry shows, as a multiple of the profile's
fault-speed = everything as a multiple of the profile's speed; above 1 it is too fast to be true
fault-stolen = share of all time that another tenant has, in turns of 10 ms
fault-crowded = share of all time in which a tenant beside us takes half of the memory's bandwidth, in turns of 10 ms
fault-peer-rate = copies from the card of this index= come at this share of the rate
fault-throttle = clock and compute rates fall to this share after this time, and telemetry says thermal
fault-drift = everything loses this share of its speed per s, min or h
fault-clocklie = compute runs at this share of the clock that telemetry shows
fault-timer = the device's clock runs at this share of true time; none: it has no clock
fault-noise = times vary by up to this share either way (0.003 where not given)
fault-lost-at-call = the device is lost at this device call, counted from 1
fault-lost-at-t = the device is lost at this time
fault-lost = whether lost@ holds forever (the rule) or for one answer
fault-hang-at-call = no answer from this device call on, until the wait limit ends the wait
fault-stall-at-call = this device call never returns: the process stands still
fault-stall-at-peer = copies from the card of this index= never return: the process stands still
fault-crash-at-call = the process aborts in this device call
fault-fail-at-call = this device call fails with the error that error= names
fault-fail = whether fail@call fails once (the rule) or from then on
fault-error = error of fail@call: lost, memory, validation (the rule), hang or crash
fault-telemetry = none: no sensor can be read; frozen: the first reading is repeated; failing: every second one is empty
fault-telemetry-name = name that telemetry gives the card
fault-telemetry-mem = memory that telemetry reports
fault-telemetry-uuid = UUID that telemetry reports
fault-ecc = uncorrected memory errors counted per s, min or h
fault-ecc-corrected = corrected memory errors counted per s, min or h
fault-remaps = rows of memory replaced per s, min or h
fault-replays = PCIe packets sent again per s, min or h
fault-remap-pending = rows of memory wait for a reset to be replaced
fault-remap-failure = rows of memory could not be replaced
fault-xid = a driver error event with this code at this time
fault-no = the card cannot compute in this precision
fault-unwritten = we have no kernel for this precision
fault-library = the vendor's library of matrix products is there, as fast as the kernels
