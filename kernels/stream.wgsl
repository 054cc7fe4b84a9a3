// stream: read, write, copy, scale, add, triad over 32-bit elements (J. McCalpin, STREAM).
// Work: 4 bytes per element and array moved. Exact on integers: the factor is 3.
// Layout: a workgroup takes `loops` tiles of GROUP * VECS 4-element vectors; `rest` takes single elements.

struct Params {
    first: u32,
    end: u32,
    loops: u32,
    // Word 0 of the bindings as a word of the buffers.
    at: u32,
}
var<immediate> p: Params;

//#if READ
@group(0) @binding(1) var<storage, read> a: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> c: array<atomic<u32>>;
//#end
//#if WRITE
@group(0) @binding(1) var<storage, read_write> c: array<vec4<u32>>;
//#end
//#if ONE
@group(0) @binding(1) var<storage, read> a: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<u32>>;
//#end
//#if TWO
@group(0) @binding(1) var<storage, read> a: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<u32>>;
//#end

fn real(bits: vec4<u32>) -> vec4<f32> {
    return bitcast<vec4<f32>>(bits);
}

fn bits(value: vec4<f32>) -> vec4<u32> {
    return bitcast<vec4<u32>>(value);
}

// pattern(0, i) of the four words of vector v.
fn written(v: u32) -> vec4<u32> {
    return vec4((p.at + v * 4u) * GOLDEN) + vec4(0u, 0x9E3779B1u, 0x3C6EF362u, 0xDAA66D13u);
}

//#if READ
fn deliver(sum: u32) {
    //#if SUBGROUPS
    let all = subgroupAdd(sum);
    if (leads()) {
        atomicAdd(&c[0], all);
    }
    //#else
    atomicAdd(&c[0], sum);
    //#end
}
//#end

@compute @workgroup_size($GROUP)
fn tiles(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    var done = 0u;
    let begin = p.first + wid.x * p.loops;
    let end = min(begin + p.loops, p.end);
    //#if READ
    var sum = vec4(0u);
    //#end
    for (var tile = begin; tile < end; tile++) {
        let v = tile * $TILE + $AT;
        //#if LOADS_A
        let a$k = a[v + $ku * $STEP];
        //#end
        //#if TWO
        let b$k = b[v + $ku * $STEP];
        //#end
        //#if READ
        sum += a$k;
        //#else
        c[v + $ku * $STEP] = $EXPRESSION;
        //#end
        done += $VECS * 4u;
    }
    //#if READ
    deliver(sum.x + sum.y + sum.z + sum.w);
    //#end
    count(wid.x, done);
}

@compute @workgroup_size(64)
fn rest(@builtin(global_invocation_id) gid: vec3<u32>, @builtin(workgroup_id) wid: vec3<u32>) {
    let i = p.first + gid.x;
    let v = i >> 2u;
    let lane = i & 3u;
    var done = 0u;
    //#if READ
    var sum = 0u;
    //#end
    if (i < p.end) {
        //#if LOADS_A
        let a0 = a[v];
        //#end
        //#if TWO
        let b0 = b[v];
        //#end
        //#if READ
        sum = a0[lane];
        //#else
        c[v][lane] = ($REST_EXPRESSION)[lane];
        //#end
        done = 1u;
    }
    //#if READ
    deliver(sum);
    //#end
    count(wid.x, done);
}
