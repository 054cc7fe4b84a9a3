// reread: adds up the words of a working set many times over, so that caches serve them.
// Work: 4 bytes per word and pass. Exact: sums wrap.
// Layout: workgroups take one tile of GROUP * VECS 4-element vectors after the other, `groups` apart; each pass begins one
// tile further, so that no invocation reads the same words again and no compiler can keep them.

struct Params {
    tiles: u32,
    first: u32,
    end: u32,
    groups: u32,
}
var<immediate> p: Params;

@group(0) @binding(1) var<storage, read> a: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> c: array<atomic<u32>>;

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

@compute @workgroup_size($GROUP)
fn passes(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lid: u32) {
    var done = 0u;
    var sum = vec4(0u);
    for (var i = p.first + wid.x; i < p.end; i += p.groups) {
        let tile = (i + i / p.tiles) % p.tiles;
        let v = tile * $TILE + $AT;
        let a$k = a[v + $ku * $STEP];
        sum += a$k;
        done += $VECS * 4u;
    }
    deliver(sum.x + sum.y + sum.z + sum.w);
    count(wid.x, done);
}
