// draw: seeded elements of any format, packed into 32-bit words as they lie in memory.
// Work: the bytes written; 2 to 4 hashes of 9 integer operations each per word. Exact.
// Layout: a workgroup takes `loops` tiles of GROUP * VECS words; the last word may hold fewer elements than fit.

struct Params {
    first: u32,
    end: u32,
    loops: u32,
    // Word 0 of the binding as a word of its buffer.
    at: u32,
    elements: u32,
    seed_low: u32,
    seed_high: u32,
    distribution: u32,
    magnitude: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> dst: array<u32>;

// The word that holds the elements from w * PER_WORD on (FP64: the half of element w / 2).
fn drawn(w: u32) -> u32 {
    let s = Source(p.seed_low, p.seed_high, p.distribution, p.magnitude);
    //#if FP64
    return widened(draw_f32(s, w >> 1u))[w & 1u];
    //#end
    //#if FP32
    return bitcast<u32>(draw_f32(s, w));
    //#end
    //#if INT32
    return draw_i32_bits(s, w);
    //#end
    //#if FP16
    return draw_f16_bits(s, 2u * w) | (draw_f16_bits(s, 2u * w + 1u) << 16u);
    //#end
    //#if INT8
    let i = 4u * w;
    return draw_i8_bits(s, i) | (draw_i8_bits(s, i + 1u) << 8u) | (draw_i8_bits(s, i + 2u) << 16u)
        | (draw_i8_bits(s, i + 3u) << 24u);
    //#end
}

@compute @workgroup_size($GROUP)
fn tiles(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    var done = 0u;
    let begin = p.first + wid.x * p.loops;
    let end = min(begin + p.loops, p.end);
    for (var tile = begin; tile < end; tile++) {
        let w = tile * $TILE + $AT;
        dst[w + $ku * $STEP] = drawn(p.at + w + $ku * $STEP);
        done += $VECS * $NUMERATOR / $DENOMINATOR;
    }
    count(wid.x, done);
}

@compute @workgroup_size(64)
fn rest(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    let w = p.first + gid.x;
    var done = 0u;
    if (w < p.end) {
        let value = drawn(p.at + w);
        //#if FP64
        dst[w] = value;
        done = (p.at + w) & 1u;
        //#else
        let left = min(p.elements - (p.at + w) * $NUMERATOR, $NUMERATOR);
        let bits = left * (32u / $NUMERATOR);
        let keep = select(0xFFFFFFFFu << (bits & 31u), 0u, bits == 32u);
        dst[w] = (dst[w] & keep) | (value & ~keep);
        done = left;
        //#end
    }
    count(wid.x, done);
}
