// common: the counter that proves the work, and the two generators of src/device/draw.rs, word for word.
//
// How these files are read (src/device/wgpu/shaders.rs): `$NAME` is replaced, a line with `$k` is repeated for
// k = 0 .. VECS-1, `//#if NAME`, `//#else` and `//#end` choose lines. Nothing else is done to the text.

// 256 counters, one per 32-byte sector, so that workgroups do not queue for one address. The host adds them up.
@group(0) @binding(0) var<storage, read_write> counters: array<atomic<u32>, 2048>;

const GOLDEN = 0x9E3779B1u;

//#if SUBGROUPS
// True for one of the invocations that are here together.
fn leads() -> bool {
    return subgroupExclusiveAdd(1u) == 0u;
}
//#end

// Adds the units that this invocation has really handled.
fn count(group: u32, units: u32) {
    //#if SUBGROUPS
    let sum = subgroupAdd(units);
    if (leads()) {
        atomicAdd(&counters[(group & 255u) * 8u], sum);
    }
    //#else
    atomicAdd(&counters[(group & 255u) * 8u], units);
    //#end
}

fn mix(start: u32) -> u32 {
    var x = start;
    x ^= x >> 16u;
    x *= 0x7FEB352Du;
    x ^= x >> 15u;
    x *= 0x846CA68Bu;
    return x ^ (x >> 16u);
}

// draw::hash for an index below 2^32.
fn hash(seed_low: u32, seed_high: u32, index: u32) -> u32 {
    return mix(mix(index ^ seed_low) + seed_high);
}

//#if DRAW
const INTEGERS = 0u;
const NORMAL = 1u;
const WIDE = 2u;

struct Source {
    seed_low: u32,
    seed_high: u32,
    distribution: u32,
    magnitude: u32,
}

fn integer(s: Source, h: u32) -> i32 {
    return i32(h % (2u * s.magnitude + 1u)) - i32(s.magnitude);
}

fn byte_sum(h: u32) -> i32 {
    return i32((h & 255u) + ((h >> 8u) & 255u) + ((h >> 16u) & 255u) + (h >> 24u)) - 510;
}

fn draw_f32(s: Source, index: u32) -> f32 {
    let h = hash(s.seed_low, s.seed_high, index);
    if (s.distribution == INTEGERS) {
        return f32(integer(s, h));
    }
    if (s.distribution == NORMAL) {
        let fine = hash(~s.seed_low, ~s.seed_high, index) & 0x3FFFu;
        return f32((byte_sum(h) << 14u) + i32(fine)) * (1.0 / 2097152.0);
    }
    let exponent = 127u - 8u + ((h >> 23u) & 15u);
    return bitcast<f32>((h & 0x80000000u) | (exponent << 23u) | (h & 0x007FFFFFu));
}

// The bits of an FP16 value. Every value is exact in FP16, so that packing does not round.
fn draw_f16_bits(s: Source, index: u32) -> u32 {
    let h = hash(s.seed_low, s.seed_high, index);
    if (s.distribution == INTEGERS) {
        return pack2x16float(vec2(f32(integer(s, h)), 0.0));
    }
    if (s.distribution == NORMAL) {
        return pack2x16float(vec2(f32(byte_sum(h)) * (1.0 / 128.0), 0.0));
    }
    let exponent = 15u - 8u + ((h >> 10u) & 15u);
    return ((h >> 16u) & 0x8000u) | (exponent << 10u) | (h & 0x03FFu);
}

fn draw_i32_bits(s: Source, index: u32) -> u32 {
    let h = hash(s.seed_low, s.seed_high, index);
    return select(h, bitcast<u32>(integer(s, h)), s.distribution == INTEGERS);
}

fn draw_i8_bits(s: Source, index: u32) -> u32 {
    let h = hash(s.seed_low, s.seed_high, index);
    return select(h >> 24u, bitcast<u32>(integer(s, h)) & 255u, s.distribution == INTEGERS);
}

// An FP32 value widened to FP64, as (low, high) words, by integer arithmetic: needs no FP64 in the adapter.
// Drawn values are zero or normal, so the exponent is only re-biased.
fn widened(value: f32) -> vec2<u32> {
    let bits = bitcast<u32>(value);
    let magnitude = bits & 0x7FFFFFFFu;
    let high = (bits & 0x80000000u) | ((magnitude >> 3u) + (896u << 20u));
    return select(vec2(magnitude << 29u, high), vec2(0u, bits), magnitude == 0u);
}
//#end
