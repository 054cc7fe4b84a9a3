// digest: two order-free 32-bit sums per row, see reference::digest.
// Work: 4 bytes read per word, 2 multiplications and 8 other integer operations. Exact.
// Layout: one workgroup per row; its 64 invocations take words 64 apart, 8 per loop iteration.

struct Params {
    row_words: u32,
    // Word of the bindings where the first row of this dispatch and its result begin.
    src_at: u32,
    out_at: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read> src: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

var<workgroup> low: array<u32, 64>;
var<workgroup> high: array<u32, 64>;

fn finish(start: u32) -> u32 {
    var x = start;
    x ^= x >> 16u;
    x *= 0x7FEB352Du;
    return x ^ (x >> 15u);
}

fn mixed(base: u32, i: u32) -> vec2<u32> {
    let word = src[base + i];
    let place = i * GOLDEN;
    return vec2(finish(word ^ place), finish(word + place + 0x85EBCA77u));
}

@compute @workgroup_size(64)
fn rows(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let base = p.src_at + wid.x * p.row_words;
    var sums = vec2(0u);
    var done = 0u;
    for (var begin = 0u; begin < p.row_words; begin += 512u) {
        if (begin + lid + $ku * 64u < p.row_words) { sums += mixed(base, begin + lid + $ku * 64u); done++; }
    }
    low[lid] = sums.x;
    high[lid] = sums.y;
    workgroupBarrier();
    if (lid < 2u) {
        var total = 0u;
        for (var i = 0u; i < 64u; i++) {
            total += select(high[i], low[i], lid == 0u);
        }
        out[p.out_at + 2u * wid.x + lid] = total;
    }
    count(wid.x, done);
}
