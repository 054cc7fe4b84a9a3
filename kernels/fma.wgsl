// fma: register-resident multiply-add chains, one lane per invocation.
// Work: 2 operations per step (8 for packed bytes), no memory traffic but one result per lane.
// Exactness: on small integers fused and unfused agree, so that results are exact; else within rounding.
// Layout: the chain is unrolled in the source; `$START`, `$BLOCK` (UNROLL rounds), `$PAIR` (2 rounds) and `$SUM`
// are written out by src/device/wgpu/shaders.rs for the number of accumulators and the stride.

struct Params {
    // Lanes of this dispatch, and the lane whose result is element 0 of the binding.
    first: u32,
    end: u32,
    origin: u32,
    // UNROLL rounds each, then 2 rounds each.
    blocks: u32,
    pairs: u32,
    seed_low: u32,
    seed_high: u32,
    distribution: u32,
    magnitude: u32,
    // The two multipliers: FP32 bits for float formats, else the word itself.
    even: u32,
    odd: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> out: array<$RESULT>;

fn start(index: u32) -> $SCALAR {
    let s = Source(p.seed_low, p.seed_high, p.distribution, p.magnitude);
    //#if FP64
    return f64(draw_f32(s, index));
    //#end
    //#if FP32
    return draw_f32(s, index);
    //#end
    //#if FP16
    return f16(unpack2x16float(draw_f16_bits(s, index)).x);
    //#end
    //#if INT32
    return draw_i32_bits(s, index);
    //#end
    //#if INT8
    return hash(p.seed_low, p.seed_high, index);
    //#end
}

fn multiplier(bits: u32) -> $SCALAR {
    //#if FLOAT
    return $SCALAR(bitcast<f32>(bits));
    //#else
    return bits;
    //#end
}

//#if INT8
fn step(x: u32, m: u32, c: u32) -> u32 {
    return c + bitcast<u32>(dot4I8Packed(x, m));
}
//#end

@compute @workgroup_size($GROUP)
fn lanes(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let lane = p.first + wid.x * $GROUPu + lid;
    let m0 = $VECTOR(multiplier(p.even));
    let m1 = $VECTOR(multiplier(p.odd));
    var done = 0u;
    if (lane < p.end) {
        let at = lane * $ACCUMULATORSu;
$START
        for (var i = 0u; i < p.blocks; i++) {
$BLOCK
            done += $UNROLLu;
        }
        for (var i = 0u; i < p.pairs; i++) {
$PAIR
            done += 2u;
        }
        out[lane - p.origin] = $SUM;
    }
    count(wid.x, done);
}
