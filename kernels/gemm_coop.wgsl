// gemm_coop: c = a b as in gemm.wgsl, with FP16 inputs and FP32 sums, on the matrix units of the device.
// Work: 2 m n k operations; each workgroup reads 2 TILE DEPTH elements of a and b per step of DEPTH.
// Exactness: where every partial sum is exact, else within rounding.
// Layout: cooperative matrices are SIDE x SIDE and belong to a subgroup. A workgroup makes a tile of TILE x TILE; its
// WAVES first subgroups make PER x PER matrices of it each. Subgroups beyond these, which there are where the driver
// makes them smaller than the adapter's largest, only help to load.
// Staged: strips of a and b lie in workgroup memory; elements outside the matrices are zero.
// Direct: whole tiles are multiplied straight from the matrices, and all others as staged.

struct Params {
    // Rows and columns that this dispatch may write, counted from the origin of the bindings.
    rows: u32,
    columns: u32,
    k: u32,
    // First tile row of this dispatch.
    tile_row: u32,
    // Element of the bindings where row 0 of a, row 0 of b and (0, 0) of c lie.
    a_at: u32,
    b_at: u32,
    c_at: u32,
    // Elements from one row of c to the next.
    c_row: u32,
}
var<immediate> p: Params;

// In fours, the unit in which cooperative matrices are addressed as well.
@group(0) @binding(1) var<storage, read> a: array<vec4<f16>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;

const SIDE = $SIDEu;
const PER = $PERu;
const WAVES = $WAVESu;
const WAVES_ACROSS = $ACROSSu;
const GROUP = $GROUPu;
const TILE = $TILEu;
const DEPTH = $DEPTHu;
const FOURS = $DEPTHu / 4u;
// From one row to the next: 16 bytes more than a row, so that rows begin in different banks, and aligned.
const PITCH = FOURS + 2u;

var<workgroup> strip_a: array<vec4<f16>, $STRIP>;
var<workgroup> strip_b: array<vec4<f16>, $STRIP>;
// One matrix of each subgroup on its way to an edge of c.
var<workgroup> patches: array<f32, $PATCHES>;

// Four elements of a row from element i on, of which `left` belong to the row. The row may start anywhere.
fn four_of_a(i: u32, left: u32) -> vec4<f16> {
    if (left >= 4u && (i & 3u) == 0u) {
        return a[i >> 2u];
    }
    var four = vec4<f16>();
    four.x = a[i >> 2u][i & 3u];
    if (left > 1u) { four.y = a[(i + 1u) >> 2u][(i + 1u) & 3u]; }
    if (left > 2u) { four.z = a[(i + 2u) >> 2u][(i + 2u) & 3u]; }
    if (left > 3u) { four.w = a[(i + 3u) >> 2u][(i + 3u) & 3u]; }
    return four;
}

fn four_of_b(i: u32, left: u32) -> vec4<f16> {
    if (left >= 4u && (i & 3u) == 0u) {
        return b[i >> 2u];
    }
    var four = vec4<f16>();
    four.x = b[i >> 2u][i & 3u];
    if (left > 1u) { four.y = b[(i + 1u) >> 2u][(i + 1u) & 3u]; }
    if (left > 2u) { four.z = b[(i + 2u) >> 2u][(i + 2u) & 3u]; }
    if (left > 3u) { four.w = b[(i + 3u) >> 2u][(i + 3u) & 3u]; }
    return four;
}

// Brings the fours number e of both strips.
fn stage(e: u32, row: u32, column: u32, begin: u32) {
    let r = e / FOURS;
    let k = begin + (e % FOURS) * 4u;
    var x = vec4<f16>();
    var y = vec4<f16>();
    if (k < p.k) {
        if (row + r < p.rows) { x = four_of_a(p.a_at + (row + r) * p.k + k, p.k - k); }
        if (column + r < p.columns) { y = four_of_b(p.b_at + (column + r) * p.k + k, p.k - k); }
    }
    strip_a[r * PITCH + e % FOURS] = x;
    strip_b[r * PITCH + e % FOURS] = y;
}

// Copies element e of the patches to c, where matrix (i, j) of each subgroup lies. Returns how many were inside of c.
fn deliver(e: u32, row: u32, column: u32, i: u32, j: u32) -> u32 {
    let wave = e / (SIDE * SIDE);
    let r = row + (wave / WAVES_ACROSS * PER + i) * SIDE + e / SIDE % SIDE;
    let q = column + (wave % WAVES_ACROSS * PER + j) * SIDE + e % SIDE;
    if (r >= p.rows || q >= p.columns) {
        return 0u;
    }
    c[p.c_at + r * p.c_row + q] = patches[e];
    return 1u;
}

// The control flow is the same within each subgroup, which the compiler cannot see.
@diagnostic(off, derivative_uniformity)
@compute @workgroup_size($GROUP)
fn product(
    @builtin(workgroup_id) wid: vec3<u32>,
    @builtin(local_invocation_index) lid: u32,
    @builtin(subgroup_id) wave: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let row = (p.tile_row + wid.y) * TILE;
    let column = wid.x * TILE;
    let inside = row + TILE <= p.rows && column + TILE <= p.columns;
    // Where this subgroup's matrices lie in the tile.
    let down = wave / WAVES_ACROSS * PER * SIDE;
    let across = wave % WAVES_ACROSS * PER * SIDE;
    var done = 0u;
$ZERO
    //#if DIRECT
    // Then all matrices begin at multiples of 16 bytes, as they must: bindings do so.
    if (inside && p.k % SIDE == 0u) {
        if (wave < WAVES) {
            let pitch = p.k >> 2u;
$MATRIX_ROWS
            for (; done < p.k; done += SIDE) {
                let k = done >> 2u;
$DIRECT_STEP
            }
        }
    } else {
    //#end
    for (; done < p.k; done += min(DEPTH, p.k - done)) {
        stage(lid + $ku * GROUP, row, column, done);
        workgroupBarrier();
        if (wave < WAVES) {
            for (var k = 0u; k < FOURS; k += SIDE / 4u) {
$STAGED_STEP
            }
        }
        workgroupBarrier();
    }
    //#if DIRECT
    }
    //#end
    var results = 0u;
    if (inside && p.c_row % 4u == 0u) {
        if (wave < WAVES) {
            let pitch = p.c_row;
            let at = p.c_at + (row + down) * pitch + column + across;
$STORE
            results = select(0u, PER * PER * SIDE * SIDE, lane == 0u);
        }
    } else {
$STORE_AT_EDGE
    }
    count(wid.x + wid.y, done * results);
}
