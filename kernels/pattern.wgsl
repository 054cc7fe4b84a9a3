// pattern: fill, scan, flip. The address pattern over 32-bit words, and the tally of what differs.
// Work: 4 bytes per word written (fill) or read (scan); 1 multiplication per 4 words. Exact.
// Layout: a workgroup takes `loops` tiles of GROUP * VECS 4-word vectors; the `rest` entries take single words.

struct Params {
    // Tiles: first and end tile. Rest: first and end word. Flip: word and mask. All within the binding.
    first: u32,
    end: u32,
    loops: u32,
    // The pattern at word i of the binding is ((index + i) * GOLDEN + seed) ^ high.
    index: u32,
    high: u32,
    seed: u32,
    // Word 0 of the binding as a word of its buffer.
    at_low: u32,
    at_high: u32,
}
var<immediate> p: Params;

//#if SCAN
@group(0) @binding(1) var<storage, read> src: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> tally: array<atomic<u32>, 74>;
//#end
//#if FOLD
@group(0) @binding(1) var<storage, read_write> tally: array<atomic<u32>, 74>;
//#end
//#if FILL
@group(0) @binding(1) var<storage, read_write> dst: array<vec4<u32>>;
//#end
//#if FLIP
@group(0) @binding(1) var<storage, read_write> dst: array<atomic<u32>>;
//#end

fn expected(vector: u32) -> vec4<u32> {
    let first = (p.index + vector * 4u) * GOLDEN + p.seed;
    return (vec4(first) + vec4(0u, 0x9E3779B1u, 0x3C6EF362u, 0xDAA66D13u)) ^ vec4(p.high);
}

fn expected_word(word: u32) -> u32 {
    return ((p.index + word) * GOLDEN + p.seed) ^ p.high;
}

//#if FILL
@compute @workgroup_size($GROUP)
fn tiles(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    var done = 0u;
    let begin = p.first + wid.x * p.loops;
    let end = min(begin + p.loops, p.end);
    for (var tile = begin; tile < end; tile++) {
        let v = tile * $TILE + $AT;
        dst[v + $ku * $STEP] = expected(v + $ku * $STEP);
        done += $VECS * 4u;
    }
    count(wid.x, done);
}

@compute @workgroup_size(64)
fn rest(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    let word = p.first + gid.x;
    var done = 0u;
    if (word < p.end) {
        dst[word >> 2u][word & 3u] = expected_word(word);
        done = 1u;
    }
    count(wid.x, done);
}
//#end

//#if TALLY
// 64-bit fields of the tally, in the order of src/device/op.rs.
const CHECKED = 0u;
const WRONG = 1u;
const SET = 2u;
const CLEARED = 3u;
const MASK = 4u;
const PLACES = 10u;
const EXAMPLES = 16u;

fn add64(field: u32, value: u32) -> u32 {
    let old = atomicAdd(&tally[2u * field], value);
    if (old > 0xFFFFFFFFu - value) {
        atomicAdd(&tally[2u * field + 1u], 1u);
    }
    return old;
}
//#end

//#if SCAN
fn example(slot: u32, word: u32, got: u32) {
    let low = p.at_low + word;
    atomicStore(&tally[PLACES + 4u * slot], low);
    atomicStore(&tally[PLACES + 4u * slot + 1u], p.at_high + u32(low < word));
    atomicStore(&tally[PLACES + 4u * slot + 2u], got);
    atomicStore(&tally[PLACES + 4u * slot + 3u], 0u);
}

// Books the wrong words of one vector that was read once: no second look, which might see something else.
fn note(vector: u32, got: vec4<u32>, wrong: vec4<u32>) {
    let is_wrong = vec4<u32>(wrong != vec4(0u));
    let words = is_wrong.x + is_wrong.y + is_wrong.z + is_wrong.w;
    if (words == 0u) {
        return;
    }
    let raised = countOneBits(wrong & got);
    let lowered = countOneBits(wrong & ~got);
    add64(SET, raised.x + raised.y + raised.z + raised.w);
    add64(CLEARED, lowered.x + lowered.y + lowered.z + lowered.w);
    atomicOr(&tally[2u * MASK], wrong.x | wrong.y | wrong.z | wrong.w);
    // After 2^32 wrong words the low half starts again: the high half then says that the places are taken.
    let many = atomicLoad(&tally[2u * WRONG + 1u]) != 0u;
    var slot = select(add64(WRONG, words), EXAMPLES, many);
    for (var c = 0u; c < 4u && slot < EXAMPLES; c++) {
        if (wrong[c] != 0u) {
            example(slot, vector * 4u + c, got[c]);
            slot++;
        }
    }
}

@compute @workgroup_size($GROUP)
fn tiles(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    var done = 0u;
    let begin = p.first + wid.x * p.loops;
    let end = min(begin + p.loops, p.end);
    for (var tile = begin; tile < end; tile++) {
        let v = tile * $TILE + $AT;
        // All loads first, then one branch. The loop takes one wrong vector at a time, so that its code is there
        // once: software drivers run through it even where nothing is wrong.
        let got$k = src[v + $ku * $STEP];
        var bad = 0u;
        bad |= select(0u, 1u << $ku, any(got$k != expected(v + $ku * $STEP)));
        while (bad != 0u) {
            let k = firstTrailingBit(bad);
            var got = got0;
            got = select(got, got$k, k == $ku);
            note(v + k * $STEP, got, got ^ expected(v + k * $STEP));
            bad &= bad - 1u;
        }
        done += $VECS * 4u;
    }
    count(wid.x, done);
}

@compute @workgroup_size(64)
fn rest(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    let word = p.first + gid.x;
    var done = 0u;
    if (word < p.end) {
        let got = src[word >> 2u][word & 3u];
        let wrong = got ^ expected_word(word);
        if (wrong != 0u) {
            let lane = vec4(0u, 1u, 2u, 3u) == vec4(word & 3u);
            note(word >> 2u, vec4(got), select(vec4(0u), vec4(wrong), lane));
        }
        done = 1u;
    }
    count(wid.x, done);
}
//#end

//#if FOLD
// Runs last in a scan: what the kernels counted becomes the tally's number of words checked.
@compute @workgroup_size(1)
fn fold() {
    for (var i = 0u; i < 256u; i++) {
        add64(CHECKED, atomicLoad(&counters[i * 8u]));
    }
}
//#end

//#if FLIP
@compute @workgroup_size(1)
fn flip(@builtin(workgroup_id) wid: vec3<u32>) {
    atomicXor(&dst[p.first], p.end);
    count(wid.x, 1u);
}
//#end
