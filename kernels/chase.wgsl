// chase: a ring of dependent loads, and the walk along it.
// Work: ring: one word per slot; chase: one dependent load per hop, 16 hops per loop iteration. Exact.
// Layout: ring: one invocation per slot. Chase: a single invocation; a ring larger than one binding is bound as
// several windows of 2^shift words.

//#if RING
struct Params {
    first: u32,
    end: u32,
    // Word of the binding where the place of slot `first` begins.
    base: u32,
    stride: u32,
    mask: u32,
    // Slot to next slot: x * a + c.
    a: u32,
    c: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> dst: array<u32>;

@compute @workgroup_size(64)
fn ring(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    let slot = p.first + wid.x * 64u + lid;
    var done = 0u;
    if (slot < p.end) {
        dst[p.base + (slot - p.first) * p.stride] = ((slot * p.a + p.c) & p.mask) * p.stride;
        done = 1u;
    }
    count(wid.x, done);
}
//#end

//#if CHASE
struct Params {
    blocks: u32,
    single: u32,
    shift: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read_write> state: array<u32>;
$WINDOWS

fn next(at: u32) -> u32 {
$NEXT
}

@compute @workgroup_size(1)
fn chase(@builtin(workgroup_id) wid: vec3<u32>) {
    var at = state[0];
    var done = 0u;
    for (var i = 0u; i < p.blocks; i++) {
        at = next(next(next(next(next(next(next(next(at))))))));
        at = next(next(next(next(next(next(next(next(at))))))));
        done += 16u;
    }
    for (var i = 0u; i < p.single; i++) {
        at = next(at);
        done++;
    }
    state[0] = at;
    count(wid.x, done);
}
//#end
